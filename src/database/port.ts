/**
 * The port to a company's database. Everything above speaks of tables, keys and changes; SQL stays below.
 * Rows and blocks order their columns key first (see `Table.columns`).
 */
import type { AdditiveColumns } from './additive';
import type { Block, Value } from '../batch/block';
import type { RowBlock } from './comparison';
import type { KeyRange } from './key-ranges';
import type { Expired } from './expired';
import type { Catalogue, Establishment, Installation, TrackingState } from './port/catalogue';
import type { JournalEntry, JournalFilter, LedgerEntry, LedgerPart, Restoration } from './port/journal';
import type { MergeTransaction } from './port/merging';

export type * from './port/catalogue';
export type * from './port/journal';
export type * from './port/merging';

/** Changes of one table from one origin. */
export interface CapturedBlock {
  /** Hub: the site all of them come from, 0 for rows that everyone must get. Site: 0. */
  readonly origin: number;
  readonly block: Block;
  /** Hub: how many rows the table has in the same reading; null: too many to count. */
  readonly total?: number | null;
  /** Of a table that is told to `capture`: all that is pending is what was told, and is not read. `block` has no changes. */
  readonly asTold?: true;
}

export interface SnapshotBlock {
  /** `lastMarked` at the instant of the reading. */
  readonly lastMarked: number;
  /** How many rows all these tables have in that reading. */
  readonly total: number;
  readonly block: Block;
}

export interface MissingRight {
  /** As the server calls it: `SELECT`. */
  readonly right: string;
  /** The table, or the schema of the tracking. */
  readonly object: string;
}

export interface StageOptions {
  /** Added to every time of the staged changes, milliseconds. */
  readonly clockOffset: number;
}

export interface Database {
  catalogue(): Promise<Catalogue>;
  /** Installs or puts right the tracking of every table of the catalogue. Needs no application to stop. */
  prepare(installation: Installation): Promise<void>;
  /**
   * Notes which columns are additive, in place of what was noted before. Tables that this concerns are outdated until
   * `prepare`. What is no number here is left out of it.
   */
  declareAdditive(columns: AdditiveColumns): Promise<void>;
  /** Removes every trace of the tracking, pending changes included. */
  unprepare(): Promise<void>;
  /** Null when `prepare` never ran. */
  state(): Promise<TrackingState | null>;
  /** Hub: its sites by number, as the last session knew them; none where none did. */
  establishments(): Promise<readonly Establishment[]>;
  /** Changes not yet in a batch or a round. */
  pending(): Promise<number>;
  /**
   * Marks every pending change of these tables as batch (site) or round (hub) `number`, and reads exactly those,
   * with the rows as they were at that instant. The marks hold from the first block on.
   * `told`: by table, so many pending changes whose rows the caller knows, each one line of the log. Where these are all
   * of the table, a database that keeps values as they came may say so in place of reading them.
   */
  capture(
    number: number,
    tables: readonly string[],
    told?: ReadonlyMap<string, number>,
  ): AsyncIterable<CapturedBlock>;
  /** Takes back the marks of a batch or round that was never named. */
  release(number: number): Promise<void>;
  /** Every row of a table, in any order. Rejects with `database.tableUnknown` {table} where it is not prepared. */
  rows(table: string): AsyncIterable<RowBlock>;
  /**
   * Keys of a table, some of them twice, that changes speak of which are pending or in a batch or round after this one.
   * What was read by `rows` before is as of that batch or round unless its key is among them. Of questions alone where
   * `only` says so.
   */
  inFlight(table: string, after: number, only?: 'questions'): AsyncIterable<readonly (readonly Value[])[]>;
  /** All rows of these tables as they are at one instant, each as an insert, and the last round marked at that instant. */
  snapshot(tables: readonly string[]): AsyncIterable<SnapshotBlock>;
  /** Tables of the catalogue that hold rows, in alphabetical order. */
  occupied(): Promise<readonly string[]>;
  /**
   * Site: makes sent changes that were made since then (ms, UTC, this machine's clock) pending again, as by someone who
   * has seen nothing: `base` 0. What they add may have been counted already, and is not known any more. Resolves to
   * how many, as far as they are still kept.
   */
  resend(since: number): Promise<number>;
  /** Lays changes ready for the next transaction, which uses them up. When it rejects, nothing is staged. */
  stage(blocks: AsyncIterable<Block>, options: StageOptions): Promise<void>;
  /** Where rows end the transaction of a server, `work` is begun again, from nothing, and told of them. */
  transaction<T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T>;
  /** Hub: merged batches, by site and number: every one, or those asked for. */
  ledger(of?: LedgerPart): Promise<readonly LedgerEntry[]>;
  /** Hub: the last merged batch of each site. */
  lastMerged(): Promise<ReadonlyMap<number, number>>;
  /** Newest first, after the first `skip` of those that the filter finds. */
  conflicts(
    limit: number,
    filter?: JournalFilter & { readonly skip?: number },
  ): Promise<readonly JournalEntry[]>;
  /** How many entries of the journal the filter finds. */
  countConflicts(filter: JournalFilter): Promise<number>;
  /** Tables that the journal speaks of, in alphabetical order. */
  conflictTables(): Promise<readonly string[]>;
  /**
   * Makes the row of a conflict what one side of it says, deleting it where it was absent there, as the application
   * itself would: tracked as an ordinary change, the business triggers fire. Notes who did it, in the same transaction.
   * Rejects with `conflict.missing`, `conflict.tableChanged` {table}, `conflict.refused` {table, reason} or
   * `conflict.foreignKey` {table}: nothing is changed then.
   */
  restore(id: number, restoration: Restoration): Promise<void>;
  /**
   * Gives every generated key that has none the range of this place (0: the hub, else the site's number), and tells
   * all. None where the database cannot count within a range.
   */
  assignKeyRanges(place: number): Promise<readonly KeyRange[]>;
  /** What this account must be allowed to do in a session and is not. */
  missingRights(): Promise<readonly MissingRight[]>;
  /** Forgets what has expired, and what is kept twice. Cut short, it has forgotten a part. */
  purge(expired: Expired): Promise<void>;
  close(): Promise<void>;
}
