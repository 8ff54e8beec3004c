/**
 * The port to a company's database. Everything above speaks of tables, keys and changes; SQL stays below.
 * Rows and blocks order their columns key first (see `Table.columns`).
 */
import type { Block, Operation, Value } from '../batch/block';
import type { Role } from '../report/report';
import type { Expired } from './expired';
import type { FingerprintColumn } from './fingerprint';
import type { AdditiveColumns } from './additive';
import type { NotedChange, RowBlock } from './comparison';
import type { KeyRange } from './key-ranges';
import type { RefusedEnd, RefusedState } from './refused';
import type { TrackingNumbers } from './tracking-numbers';

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

export interface Table {
  readonly name: string;
  /** What is synchronised: key columns first, in key order, then the others in the table's own order. */
  readonly columns: readonly string[];
  readonly keyCount: number;
  /** Each of the columns, in their order. */
  readonly described: readonly FingerprintColumn[];
  readonly foreignKeys: readonly ForeignKey[];
  /** The database makes up the key of new rows, so two establishments can make the same one. */
  readonly generatedKey: boolean;
  /** Columns that can be declared additive: numbers, neither in the key nor in a reference. */
  readonly addable: readonly string[];
  /** Those that are declared so: the log notes by how much each change moved them. */
  readonly additive: readonly string[];
  /** Equal where the columns, their types and the key are equal, whatever their order. */
  readonly fingerprint: string;
  readonly tracking: 'missing' | 'outdated' | 'installed';
}

export interface ExcludedTable {
  readonly name: string;
  /** Text key under `excluded.`. */
  readonly reason:
    'noKey' | 'nullKey' | 'computedKey' | 'virtual' | 'memoryOptimised' | 'history' | 'unsupportedType';
}

export interface Catalogue {
  /** Both in alphabetical order. */
  readonly tables: readonly Table[];
  readonly excluded: readonly ExcludedTable[];
}

/** Who works on this database: written into it, so that a copy of it elsewhere is noticed. */
export interface Installation {
  readonly id: string;
  readonly role: Role;
}

/** What the tracking remembers, in the database itself so that it moves with the data. */
export interface TrackingState extends TrackingNumbers {
  readonly installation: string;
  readonly role: Role;
  /** Site: number of the last batch whose changes are marked. Hub: of the last round. 0 for none. */
  readonly lastMarked: number;
  /** Site: last round applied; hub: 0. */
  readonly position: number;
  /** Site: its last batch that an applied round includes; hub: 0. */
  readonly included: number;
}

/** Changes of one table from one origin. */
export interface CapturedBlock {
  /** Hub: the site all of them come from, 0 for rows that everyone must get. Site: 0. */
  readonly origin: number;
  readonly block: Block;
  /** Hub: how many rows the table has in the same reading; null: too many to count. */
  readonly total?: number | null;
}

export interface SnapshotBlock {
  /** `lastMarked` at the instant of the reading. */
  readonly lastMarked: number;
  readonly block: Block;
}

export interface LedgerEntry {
  readonly site: number;
  readonly batch: number;
  readonly sha256: string;
  /** Tables whose changes were left out, because the hub's own table differs. */
  readonly declined: readonly string[];
  /** The round that published it; null: not yet. */
  readonly round: number | null;
}

export type ConflictKind =
  /** Both changed the same column. */
  | 'update'
  /** Both made a row of the same key. */
  | 'insert'
  /** Changed there, deleted here: the row comes back. */
  | 'updateDeleted'
  /** Deleted there, changed here: the row stays. */
  | 'deleteUpdated'
  /** Deleted there, but rows here refer to it: the row stays. */
  | 'deleteParent'
  /** The database refused the row. */
  | 'refused'
  /** Hub and site differed without any change that says so: somebody chose. */
  | 'repair';

export type Policy = 'newest' | 'hub' | 'site';
export type ConflictRule = Policy | 'dataWins' | 'refused' | 'repair';

export interface Conflict {
  readonly table: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  readonly key: readonly Value[];
  readonly kind: ConflictKind;
  readonly rule: ConflictRule;
  /** Whose word holds, and whose does not: site numbers, 0 for the hub. */
  readonly winner: number;
  readonly loser: number;
  /** Whole rows in the order of `columns`; null: the row is absent. */
  readonly winningRow: readonly Value[] | null;
  readonly losingRow: readonly Value[] | null;
  /** Columns whose changes were both counted: they are no part of the conflict, and both rows hold the sum. */
  readonly added?: readonly string[];
  /** Milliseconds since 1970, UTC, by the hub's clock. */
  readonly winnerAt: number | null;
  readonly loserAt: number | null;
  /** For `refused`: unique, foreignKey, check, notNull, tooLong, value or other. */
  readonly reason: string | null;
}

/** A conflict as it is written down. */
export interface NewJournalEntry extends Conflict {
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly site: number;
  readonly batch: number;
}

/** One of the two rows of a conflict. */
export type ConflictSide = 'winner' | 'loser';

/** Somebody put a row of a conflict back. */
export interface Restoration {
  readonly which: ConflictSide;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly by: string;
}

export interface JournalEntry extends NewJournalEntry {
  readonly id: number;
  /** The last one; null: nobody did. */
  readonly restored: Restoration | null;
  /** For `refused`: whether it still waits; null for all others. */
  readonly refused: RefusedState | null;
}

/** Which entries of the journal; what is left out does not matter. */
export interface JournalFilter {
  /** Part of a value of either row, without regard to case. */
  readonly text?: string;
  readonly table?: string;
  readonly kind?: ConflictKind;
  /** Refused rows that wait to be tried again. */
  readonly waiting?: true;
  /** Noted at this instant or later, and before that one: milliseconds since 1970, UTC. */
  readonly from?: number;
  readonly to?: number;
}

/** What the author of the staged changes had not seen. */
export type Unseen =
  /** At the hub: rows of another origin, pending or in a round after `base` (or after the change's own base). */
  | {
      readonly at: 'hub';
      readonly author: number;
      readonly base: number;
      /** The author lost what it had done itself in this round and later ones, which counts as unseen too. */
      readonly lostFrom?: number;
    }
  /**
   * At a hub whose database is an old copy, which gets its own round `round` again: all that is pending. The `base` of
   * each staged change is the site it comes from, 0 for what everyone must get.
   */
  | { readonly at: 'replay'; readonly round: number }
  /** At a site: rows pending or in a batch after `included`. */
  | { readonly at: 'site'; readonly included: number };

export interface StagedChange {
  readonly id: number;
  readonly table: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  readonly op: Operation;
  readonly marks: string;
  /** By the clock of this database's owner. */
  readonly changedAt: number;
  readonly values: readonly Value[];
  /** What the change adds to each column; null: not known, or the column is not additive here. Left out: to none. */
  readonly adds?: readonly Value[];
  /** The row as it is in the database now, null when it is absent. */
  readonly current: readonly Value[] | null;
}

/** A staged change that meets changes its author has not seen. */
export interface Contested {
  readonly change: StagedChange;
  /** Of a row that is absent here and whose change adds to a column: the row as it was when it was deleted. */
  readonly removed?: readonly Value[];
  readonly here: {
    /** The row was made here, unseen. */
    readonly inserted: boolean;
    /** Columns changed by any of them. */
    readonly marks: string;
    /** Of the newest of them: when, and by whom (0 for this database's own application). */
    readonly changedAt: number;
    readonly origin: number;
    /** The last batch or round that carried any of them; null: none did yet. */
    readonly sentIn: number | null;
  };
}

/** What becomes of one staged change, where that is not 'written as it came'. */
export interface Settlement {
  /** Write the staged row, or leave the database's row as it is. */
  readonly write: boolean;
  /** Hub: the resulting row goes to everyone, its author included. */
  readonly toEveryone: boolean;
  /** The row to write instead. */
  readonly values?: readonly Value[];
  /** Columns that writing it changes, which a later conflict must know. */
  readonly marks?: string;
}

/** A row that a site did not apply. */
export interface Question {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly key: readonly Value[];
  /** The round before the one that spoke of the row. */
  readonly base: number;
  /**
   * Withdrawn where a round includes this batch and does not speak of the row: the hub has then seen what was done here
   * and come to the same row. Null: asked until the hub answers.
   */
  readonly until: number | null;
}

export type Violation = { readonly change: StagedChange } & (
  | { readonly kind: 'missingParent'; readonly foreignKey: ForeignKey }
  | { readonly kind: 'childrenRemain' }
  | { readonly kind: 'refused'; readonly reason: string }
);

/** Inside one transaction of the database, with business triggers and tracking kept from firing. */
export interface MergeTransaction {
  contested(unseen: Unseen): Promise<readonly Contested[]>;
  settle(change: StagedChange, settlement: Settlement): Promise<void>;
  /**
   * Writes all that is staged and not settled otherwise; at the hub logs it with its origin.
   * Where rows are refused or foreign keys would break, leaves the database untouched and says which.
   */
  apply(unseen: Unseen): Promise<readonly Violation[]>;
  /** Hub: keeps or brings back the parent that a staged row refers to; false where its old row is not known. */
  restoreParent(change: StagedChange, foreignKey: ForeignKey): Promise<boolean>;
  /** Site: the next batch asks the hub for the row; where its table is not there or not prepared, a batch after that. */
  ask(question: Question): Promise<void>;
  /** Site: makes a batch's changes of one table pending again. */
  takeBack(table: string, batch: number): Promise<void>;
  journal(entry: NewJournalEntry): Promise<void>;
  /** Writes down what came of a refused row of the journal, which then waits no more. */
  endRefused(id: number, end: RefusedEnd): Promise<void>;
  /** The first `limit` staged changes of a table after the one of this id (0: from the first) that are to be written. */
  staged(table: string, after: number, limit: number): Promise<readonly StagedChange[]>;
  /**
   * As `staged`, without those whose row here is, byte for byte, what they say. A database that cannot compare so leaves
   * none out.
   */
  doubtful(table: string, after: number, limit: number): Promise<readonly StagedChange[]>;
  /**
   * Site: how many rows a table has, where that is what the hub has: null where changes are pending or in a batch after
   * `included`, or where they are too many to count.
   */
  total(table: string, included: number): Promise<number | null>;
  /** Site: the next batch brings this row to the hub. */
  note(change: NotedChange): Promise<void>;
  recordMerged(entry: Omit<LedgerEntry, 'round'>): Promise<void>;
  recordPosition(round: number, includedBatch: number): Promise<void>;
  /** Writes numbers of the tracking; what is left out stays. */
  recordNumbers(numbers: Partial<TrackingState>): Promise<void>;
  /** Site, about to be filled from a snapshot: all that was logged before is of no account. */
  forgetChanges(): Promise<void>;
  /** Hub, an old copy: the round that is applied again is the last one, it published these and all that was merged. */
  recordReplayed(round: number, entries: readonly Omit<LedgerEntry, 'round'>[]): Promise<void>;
  /** Staged changes that were written, by table. */
  written(): Promise<ReadonlyMap<string, number>>;
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
  /** Changes not yet in a batch or a round. */
  pending(): Promise<number>;
  /**
   * Marks every pending change of these tables as batch (site) or round (hub) `number`, and reads exactly those,
   * with the rows as they were at that instant. The marks hold from the first block on.
   */
  capture(number: number, tables: readonly string[]): AsyncIterable<CapturedBlock>;
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
   * has seen nothing: `base` 0. Resolves to how many, as far as they are still kept.
   */
  resend(since: number): Promise<number>;
  /** Lays changes ready for the next transaction, which uses them up. When it rejects, nothing is staged. */
  stage(blocks: AsyncIterable<Block>, options: StageOptions): Promise<void>;
  transaction<T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T>;
  /** Hub: every merged batch, by site and number. */
  ledger(): Promise<readonly LedgerEntry[]>;
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
