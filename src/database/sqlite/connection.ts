import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { existsSync } from 'node:fs';
import type { Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';

/** How long a statement waits for a lock that the business application holds, milliseconds. */
const BUSY_TIMEOUT = 30_000;

const MOST_STATEMENTS = 500;

type Row = readonly Value[];
type Statement = ReturnType<DatabaseSyncInstance['prepare']>;

/** One connection, with rows as arrays and integers as bigint. */
export class Connection {
  readonly #handle: DatabaseSyncInstance;
  readonly #statements = new Map<string, Statement>();

  constructor(path: string) {
    if (!existsSync(path)) throw new SyncError('database.missing', { params: { path } });
    try {
      // Foreign keys are checked by the merge itself, which can say more about them than an error at commit.
      // Old schemas write strings between double quotes, in defaults and checks, which must go on working.
      this.#handle = new DatabaseSync(path, {
        timeout: BUSY_TIMEOUT,
        enableForeignKeyConstraints: false,
        enableDoubleQuotedStringLiterals: true,
      });
      this.run('PRAGMA synchronous = FULL');
      this.run('PRAGMA temp_store = FILE');
      this.all('SELECT count(*) FROM sqlite_schema');
    } catch (error) {
      throw databaseError(error, path);
    }
  }

  run(sql: string, ...parameters: Value[]): void {
    this.#known(sql).run(...parameters);
  }

  all(sql: string, ...parameters: Value[]): Row[] {
    return this.#known(sql).all(...parameters) as Row[];
  }

  first(sql: string, ...parameters: Value[]): Row | null {
    return (this.#known(sql).get(...parameters) as Row | undefined) ?? null;
  }

  /** The statement is held until its last row: collected as garbage before, it would end the process. */
  *iterate(sql: string, ...parameters: Value[]): Generator<Row> {
    const statement = this.#prepare(sql);
    try {
      yield* statement.iterate(...parameters) as IterableIterator<Row>;
    } finally {
      statement.close();
    }
  }

  /** A statement to run many times. */
  statement(sql: string): (parameters: readonly Value[]) => void {
    const statement = this.#prepare(sql);
    return (parameters) => {
      statement.run(...parameters);
    };
  }

  /** `BEGIN` takes no lock of the file before something in it is written. */
  transaction<T>(work: () => T, begin: 'BEGIN IMMEDIATE' | 'BEGIN' = 'BEGIN IMMEDIATE'): T {
    this.run(begin);
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** Many statements at once: in the transaction under way, which fails with them, or in one of their own. */
  together(work: () => void): void {
    if (this.#handle.isTransaction) work();
    else this.transaction(work, 'BEGIN');
  }

  /** The database may have rolled back by itself (disk full): then there is nothing left to do. */
  rollback(): void {
    if (this.#handle.isTransaction) this.run('ROLLBACK');
  }

  close(): void {
    this.#handle.close();
  }

  /** A prepared statement lives until it is collected as garbage, which is late: what was prepared once is used again. */
  #known(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    const statement = this.#prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #prepare(sql: string): Statement {
    const statement = this.#handle.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return statement;
  }
}

export const asText = (value: Value | undefined): string =>
  typeof value === 'string' ? value : String(value);
export const asNumber = (value: Value | undefined): number => Number(value ?? 0);

/** SQLite's extended result code of an error, 0 when it is not one of its own. */
export function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : 0;
}

export function isBusy(error: unknown): boolean {
  const primary = resultCode(error) & 0xff;
  return primary === BUSY || primary === LOCKED;
}

const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** Gives an error of SQLite a code of ours; others pass unchanged. */
export function databaseError(error: unknown, path: string): unknown {
  const primary = resultCode(error) & 0xff;
  if (isBusy(error)) return new SyncError('database.busy', { cause: error, retryable: true });
  if (primary === FULL)
    return new SyncError('database.full', { cause: error, params: { path }, retryable: true });
  if (primary === NOT_A_DATABASE)
    return new SyncError('database.notADatabase', { cause: error, params: { path } });
  if (primary === READ_ONLY) return new SyncError('database.readOnly', { cause: error, params: { path } });
  if (primary === CORRUPT) return new SyncError('database.damaged', { cause: error, params: { path } });
  if (primary === IO_ERROR || primary === CANNOT_OPEN) {
    const params = { path, reason: `SQLite ${String(resultCode(error))}` };
    return new SyncError('database.disk', { cause: error, params, retryable: true });
  }
  return error;
}
