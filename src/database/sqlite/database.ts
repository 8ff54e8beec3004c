import type { Block } from '../../batch/block';
import type { KeyRange } from '../key-ranges';
import type {
  CapturedBlock,
  Catalogue,
  Database,
  Installation,
  JournalEntry,
  JournalFilter,
  LedgerEntry,
  MergeTransaction,
  MissingRight,
  Restoration,
  SnapshotBlock,
  StageOptions,
  TrackingState,
} from '../port';
import { mark, readPending, release } from './capture';
import type { SqliteTable } from './table';
import { readCatalogue } from './catalogue';
import { asNumber, Connection, databaseError } from './connection';
import { conflictTables, countConflicts, readConflicts } from './journal';
import { readLedger } from './ledger';
import { resend } from './resend';
import { restore } from './restore';
import { SqliteMergeTransaction } from './merge-transaction';
import { logOf, quote } from './names';
import { occupiedTables, readSnapshot } from './snapshot';
import { Staging } from './staging';
import { hasTracking, readState, requireTracking } from './state';
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
    return this.#do(() => readCatalogue(this.#connection));
  }

  prepare(installation: Installation): Promise<void> {
    return this.#do(() => prepare(this.#connection, installation));
  }

  unprepare(): Promise<void> {
    return this.#do(() => unprepare(this.#connection));
  }

  state(): Promise<TrackingState | null> {
    return this.#do(() => (hasTracking(this.#connection) ? readState(this.#connection) : null));
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

  async *capture(number: number, tables: readonly string[]): AsyncGenerator<CapturedBlock> {
    const { role } = requireTracking(this.#connection);
    const concerned = this.#tracked().filter(({ name }) => tables.includes(name));
    await this.#do(() => requireWal(this.#connection));
    const reader = new Connection(this.#path);
    try {
      await this.#do(() => mark(this.#connection, reader, concerned, number));
      for (const table of concerned) yield* readPending(reader, table, role);
    } finally {
      reader.rollback();
      reader.close();
    }
  }

  release(number: number): Promise<void> {
    return this.#do(() => release(this.#connection, this.#tracked(), number));
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
      reader.rollback();
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
    const staging = new Staging(this.#connection, this.#tracked());
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
      const staging = this.#staging ?? new Staging(this.#connection, tables);
      this.#staging = staging;
      const resume =
        staging.tables.length > 0
          ? pauseTriggers(
              this.#connection,
              tables.map(({ name }) => name),
            )
          : null;
      const result = await work(new SqliteMergeTransaction(this.#connection, staging, tables));
      resume?.();
      this.#connection.run('COMMIT');
      return result;
    } catch (error) {
      this.#connection.rollback();
      throw databaseError(error, this.#path);
    } finally {
      this.#forgetStaged();
    }
  }

  ledger(): Promise<readonly LedgerEntry[]> {
    return this.#do(() => readLedger(this.#connection));
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

  purge(upTo: number, before: number): Promise<void> {
    return this.#do(() =>
      this.#connection.transaction(() => {
        for (const { name } of this.#tracked()) {
          this.#connection.run(
            `DELETE FROM ${quote(logOf(name))} WHERE sent_in <= ? AND changed_at < ?`,
            upTo,
            before,
          );
        }
      }),
    );
  }

  close(): Promise<void> {
    return this.#do(() => this.#connection.close());
  }

  #forgetStaged(): void {
    this.#staging?.clear();
    this.#staging = null;
  }

  /** Read again only when someone changed the schema, which installing the tracking does too. */
  #tracked(): readonly SqliteTable[] {
    requireTracking(this.#connection);
    const version = asNumber(this.#connection.first('PRAGMA schema_version')?.[0]);
    if (this.#known?.version !== version) {
      const { tables } = readCatalogue(this.#connection);
      this.#known = { version, tables: tables.filter(({ tracking }) => tracking === 'installed') };
    }
    return this.#known.tables;
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
