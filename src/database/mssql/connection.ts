import sql from 'mssql';
import type { Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import { driverConfig, type Address } from './address';
import { connectionError, databaseError, isDeadlock } from './errors';

export type Row = readonly unknown[];

/**
 * English messages, whatever the login's language: names are read from them. No row counts, whole texts, bounded waits.
 * In a deadlock it is we who give way: what we did is done again, what somebody typed is not.
 */
const SETTINGS =
  'SET LANGUAGE us_english; SET DATEFORMAT ymd; SET NOCOUNT ON; SET XACT_ABORT ON; SET ANSI_WARNINGS ON; ' +
  'SET ANSI_PADDING ON; SET LOCK_TIMEOUT 30000; SET DEADLOCK_PRIORITY LOW; SET TEXTSIZE 2147483647';

/** How often work of our own is begun that a deadlock ends. */
const MOST_BEGINNINGS = 5;

/** How many rows the driver reads ahead of the reader. */
const READ_AHEAD = 1024;

/** The package's pool opens one to try the way, closes it, and opens the one that it keeps. */
const CONNECTIONS_OF_A_POOL = 2;

/** One connection to a server, for as long as it holds: one that is lost is not replaced. */
export class Connection {
  readonly #pool: sql.ConnectionPool;
  #opened = 0;
  #lost = false;

  private constructor(address: Address, host: string) {
    this.#pool = new sql.ConnectionPool({
      ...driverConfig(address, host),
      beforeConnect: (connection) => {
        this.#opened += 1;
        if (this.#opened > CONNECTIONS_OF_A_POOL) {
          connection.close();
          throw new SyncError('database.connectionLost', { retryable: true });
        }
        connection.on('end', () => {
          this.#lost = this.#opened === CONNECTIONS_OF_A_POOL;
        });
      },
    });
    // Without a listener an error of an idle connection would end the process; the next request meets it anyway.
    this.#pool.on('error', () => undefined);
  }

  /** Tries the failover partner where the host does not answer. Rejects with `database.*`, in words about the way there. */
  static async open(address: Address): Promise<Connection> {
    const hosts = [address.host, address.failoverPartner].filter((host) => host !== null);
    let failure: unknown;
    for (const host of hosts) {
      try {
        const connection = new Connection(address, host);
        await connection.#pool.connect();
        await connection.run(SETTINGS);
        return connection;
      } catch (error) {
        failure ??= connectionError(error, { ...address, host });
        if (!(failure instanceof SyncError) || !failure.retryable) break;
      }
    }
    throw failure;
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Statements without parameters, as one batch. */
  async run(statements: string): Promise<void> {
    await this.#request((request) => request.batch(statements));
  }

  /** Rows of the last set that has any. `values` are bound to @p1, @p2… */
  async all(query: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    const result = await this.#request((request) => {
      values.forEach((value, at) => bind(request, `p${String(at + 1)}`, value));
      return values.length === 0 ? request.batch(query) : request.query(query);
    });
    const sets: unknown = result.recordsets;
    return Array.isArray(sets) ? ((sets.at(-1) as Row[] | undefined) ?? []) : [];
  }

  async first(query: string, ...values: readonly Value[]): Promise<Row | null> {
    return (await this.all(query, ...values))[0] ?? null;
  }

  /** Rows as they come; the server waits while they are not read. */
  async *stream(query: string): AsyncGenerator<Row> {
    const request = new sql.Request(this.#pool);
    request.arrayRowMode = true;
    const rows = request.toReadableStream({ objectMode: true, highWaterMark: READ_AHEAD });
    // What goes wrong comes through the stream.
    request.query(query).catch(() => undefined);
    try {
      for await (const row of rows) yield row as Row;
    } catch (error) {
      throw databaseError(error);
    } finally {
      if (!rows.readableEnded) request.cancel();
    }
  }

  /** Adds rows to a table at the speed of a bulk load. */
  async bulk(
    table: string,
    columns: readonly { readonly name: string; readonly type: sql.ISqlType }[],
    rows: readonly (readonly unknown[])[],
  ): Promise<void> {
    const load = new sql.Table(table);
    // The package writes the name into the type that it is given.
    for (const { name, type } of columns) load.columns.add(name, { ...type }, { nullable: true });
    for (const row of rows) load.rows.push(row as sql.IRow);
    await this.#request((request) => request.bulk(load));
  }

  /** Statements that are all done or none. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN TRANSACTION');
    try {
      const result = await work();
      await this.run('COMMIT TRANSACTION');
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /** As `transaction`, of work that can be begun again: so it is where the server ends it in favour of somebody else. */
  async givingWay<T>(work: () => Promise<T>): Promise<T> {
    for (let beginning = 1; ; beginning += 1) {
      try {
        return await this.transaction(work);
      } catch (error) {
        if (beginning === MOST_BEGINNINGS || !isDeadlock(error)) throw error;
      }
    }
  }

  /** The server may have rolled back by itself, or be gone: then there is nothing left to do. */
  async rollback(): Promise<void> {
    if (!this.lost) await this.run('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION').catch(() => this.close());
  }

  /** False as well in one that can only be rolled back. */
  async isInTransaction(): Promise<boolean> {
    return asNumber((await this.first('SELECT XACT_STATE()'))?.[0]) === 1;
  }

  async close(): Promise<void> {
    this.#lost = true;
    await this.#pool.close();
  }

  async #request<T>(send: (request: sql.Request) => Promise<T>): Promise<T> {
    const request = new sql.Request(this.#pool);
    request.arrayRowMode = true;
    try {
      return await send(request);
    } catch (error) {
      throw asKnown(error);
    }
  }
}

/** Errors of the server keep their number, for those who tell a refused row by it; the others get a code at once. */
function asKnown(error: unknown): unknown {
  return error instanceof sql.RequestError && typeof error.number === 'number' ? error : databaseError(error);
}

function bind(request: sql.Request, name: string, value: Value): void {
  if (typeof value === 'bigint') request.input(name, sql.BigInt, value);
  else if (typeof value === 'number') request.input(name, sql.Float, value);
  else if (value instanceof Uint8Array) request.input(name, sql.VarBinary(sql.MAX), Buffer.from(value));
  else request.input(name, sql.NVarChar(sql.MAX), value);
}

export const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
export const asNumber = (value: unknown): number => Number(value ?? 0);
