import type { Block, Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import type { RowBlock } from '../comparison';
import type { Expired } from '../expired';
import type { AdditiveColumns } from '../additive';
import type { KeyRange } from '../key-ranges';
import { withParents } from '../with-parents';
import type {
  CapturedBlock,
  Catalogue,
  Database,
  Establishment,
  Installation,
  JournalEntry,
  JournalFilter,
  LedgerEntry,
  LedgerPart,
  MergeTransaction,
  MissingRight,
  Restoration,
  SnapshotBlock,
  StageOptions,
  TrackingState,
} from '../port';
import { mark, readPending, release } from './capture';
import type { SqliteTable } from './table';
import { readCatalogue, type SqliteCatalogue } from './catalogue';
import { asNumber, Connection, databaseError } from './connection';
import { conflictTables, countConflicts, readConflicts } from './journal';
import { readLastMerged, readLedger } from './ledger';
import { resend } from './resend';
import { restore } from './restore';
import { SqliteMergeTransaction } from './merge-transaction';
import { logOf, quote } from './names';
import { forgetDoomed } from './replaced';
import { purge } from './purge';
import { occupiedTables, readSnapshot } from './snapshot';
import { Staging } from './staging';
import { readInFlight, readRows } from './rows';
import { hasTracking, readEstablishments, readState, requireTracking, writeState } from './state';
import { prepare, requireWal, unprepare } from './tracking';
import { pauseTriggers } from './triggers-paused';

/** The port on a SQLite file. */
class SqliteDatabase implements Database {
  readonly #path: string;
  readonly #connection: Connection;
  #staging: Staging | null = null;
  #known: { readonly version: number; readonly tables: readonly SqliteTable[] } | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#connection = new Connection(path);
  }

  catalogue(): Promise<Catalogue> {
    return this.#do(() => this.#readCatalogue());
  }

  prepare(installation: Installation): Promise<void> {
    return this.#do(() => prepare(this.#connection, installation));
  }

  declareAdditive(columns: AdditiveColumns): Promise<void> {
    return this.#do(() => {
      requireTracking(this.#connection);
      writeState(this.#connection, { additive: JSON.stringify(columns) });
      this.#known = null;
    });
  }

  unprepare(): Promise<void> {
    return this.#do(() => unprepare(this.#connection));
  }

  state(): Promise<TrackingState | null> {
    return this.#do(() => (hasTracking(this.#connection) ? readState(this.#connection) : null));
  }

  establishments(): Promise<readonly Establishment[]> {
    return this.#do(() => readEstablishments(this.#connection));
  }

  pending(): Promise<number> {
    return this.#do(() =>
      this.#tracked().reduce((sum, { name }) => {
        const row = this.#connection.first(
          `SELECT count(*) FROM ${quote(logOf(name))} WHERE sent_in IS NULL`,
        );
        return sum + asNumber(row?.[0]);
      }, 0),
    );
  }

  async *capture(
    number: number,
    tables: readonly string[],
    told?: ReadonlyMap<string, number>,
  ): AsyncGenerator<CapturedBlock> {
    const { role } = await this.#do(() => requireTracking(this.#connection));
    const concerned = (await this.#do(() => this.#tracked())).filter(({ name }) => tables.includes(name));
    await this.#do(() => requireWal(this.#connection));
    const reader = new Connection(this.#path);
    try {
      await this.#do(() => mark(this.#connection, reader, concerned, number));
      for (const table of concerned) yield* readPending(reader, table, role, told?.get(table.name));
    } catch (error) {
      throw databaseError(error, this.#path);
    } finally {
      // Its transaction goes with it: it has nothing to take back.
      reader.close();
    }
  }

  release(number: number): Promise<void> {
    return this.#do(() => release(this.#connection, this.#tracked(), number));
  }

  rows(table: string): AsyncIterable<RowBlock> {
    return this.#read(table, readRows);
  }

  inFlight(table: string, after: number, only?: 'questions'): AsyncIterable<readonly (readonly Value[])[]> {
    return this.#read(table, (reader, known) => readInFlight(reader, known, after, only));
  }

  async *snapshot(tables: readonly string[]): AsyncGenerator<SnapshotBlock> {
    const concerned = this.#tracked().filter(({ name }) => tables.includes(name));
    await this.#do(() => requireWal(this.#connection));
    const reader = new Connection(this.#path);
    try {
      yield* readSnapshot(reader, concerned);
    } catch (error) {
      throw databaseError(error, this.#path);
    } finally {
      reader.close();
    }
  }

  occupied(): Promise<readonly string[]> {
    return this.#do(() => occupiedTables(this.#connection, readCatalogue(this.#connection).tables));
  }

  resend(since: number): Promise<number> {
    return this.#do(() => resend(this.#connection, this.#tracked(), since));
  }

  async stage(blocks: AsyncIterable<Block>, options: StageOptions): Promise<void> {
    this.#forgetStaged();
    const staging = await this.#do(() => new Staging(this.#connection, this.#tracked()));
    this.#staging = staging;
    try {
      for await (const block of blocks) await this.#do(() => staging.add(block, options.clockOffset));
    } catch (error) {
      this.#forgetStaged();
      throw error;
    }
  }

  async transaction<T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T> {
    try {
      this.#connection.run('BEGIN IMMEDIATE');
      const tables = this.#tracked();
      forgetDoomed(this.#connection, tables);
      const staging = this.#staging ?? new Staging(this.#connection, tables);
      this.#staging = staging;
      const resume = pauseTriggers(this.#connection, withParents(staging.tables, tables));
      const result = await work(new SqliteMergeTransaction(this.#connection, staging, tables));
      resume();
      // Nobody else can have changed the schema meanwhile, and the triggers are as they were.
      const version = this.#version();
      this.#connection.run('COMMIT');
      this.#known = { version, tables };
      return result;
    } catch (error) {
      this.#connection.rollback();
      throw databaseError(error, this.#path);
    } finally {
      this.#forgetStaged();
    }
  }

  ledger(of?: LedgerPart): Promise<readonly LedgerEntry[]> {
    return this.#do(() => readLedger(this.#connection, of));
  }

  lastMerged(): Promise<ReadonlyMap<number, number>> {
    return this.#do(() => readLastMerged(this.#connection));
  }

  conflicts(
    limit: number,
    filter?: JournalFilter & { readonly skip?: number },
  ): Promise<readonly JournalEntry[]> {
    return this.#do(() => readConflicts(this.#connection, limit, filter));
  }

  countConflicts(filter: JournalFilter): Promise<number> {
    return this.#do(() => countConflicts(this.#connection, filter));
  }

  conflictTables(): Promise<readonly string[]> {
    return this.#do(() => conflictTables(this.#connection));
  }

  restore(id: number, restoration: Restoration): Promise<void> {
    return this.#do(() => restore(this.#connection, this.#tracked(), id, restoration));
  }

  /** SQLite counts on from the highest key there is, whoever made it. */
  assignKeyRanges(): Promise<readonly KeyRange[]> {
    return Promise.resolve([]);
  }

  /** Who may open the file may do anything with it. */
  missingRights(): Promise<readonly MissingRight[]> {
    return Promise.resolve([]);
  }

  purge(expired: Expired): Promise<void> {
    return this.#do(() => purge(this.#connection, this.#tracked(), expired));
  }

  close(): Promise<void> {
    return this.#do(() => this.#connection.close());
  }

  /** Over a connection of its own, which others may write beside. */
  async *#read<T>(
    name: string,
    read: (reader: Connection, table: SqliteTable) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const table = this.#tracked().find((known) => known.name === name);
    if (table === undefined) throw new SyncError('database.tableUnknown', { params: { table: name } });
    const reader = new Connection(this.#path);
    try {
      yield* read(reader, table);
    } catch (error) {
      throw databaseError(error, this.#path);
    } finally {
      reader.close();
    }
  }

  /** What a full disk does not let go stays known, and goes the next time. */
  #forgetStaged(): void {
    try {
      this.#staging?.clear();
    } catch (error) {
      throw databaseError(error, this.#path);
    }
    this.#staging = null;
  }

  /** Read again only when someone changed the schema, which installing the tracking and removing it do too. */
  #tracked(): readonly SqliteTable[] {
    if (this.#known?.version !== this.#version()) {
      requireTracking(this.#connection);
      this.#readCatalogue();
    }
    return this.#known?.tables ?? [];
  }

  #readCatalogue(): SqliteCatalogue {
    const version = this.#version();
    const catalogue = readCatalogue(this.#connection);
    this.#known = { version, tables: catalogue.tables.filter(({ tracking }) => tracking === 'installed') };
    return catalogue;
  }

  #version(): number {
    return asNumber(this.#connection.first('PRAGMA schema_version')?.[0]);
  }

  /** SQLite answers at once; the port promises. Errors get a code on the way. */
  #do<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(databaseError(error, this.#path));
    }
  }
}

/** Opens the database file at `path`. Rejects with `database.missing` or `database.notADatabase`. */
export function openSqlite(path: string): Promise<Database> {
  try {
    return Promise.resolve(new SqliteDatabase(path));
  } catch (error) {
    return Promise.reject(error);
  }
}
