/**
 * Stands in for `@photostructure/sqlite`: the same SQLite on real files, with the power switch and the full disk of the
 * simulation before each statement. Connections that are closed wait for whoever opens the same file next, as clean as
 * new ones: opening them and preparing statements is most of what a small session costs.
 */
import { DatabaseSync as RealDatabase, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Value } from '../../../src/batch/block';
import { disk } from './disk';
import { currentProcess, lasting, operate, type Held, type Process } from './process';

type RealStatement = ReturnType<DatabaseSyncInstance['prepare']>;
type Values = readonly Value[];

const MAX_STATEMENTS = 400;
/** SQLite's own greatest number of pages. */
const UNLIMITED = 4_294_967_294;

/** A statement that a connection keeps: nobody closes it but its connection. */
class KnownStatement {
  constructor(
    private readonly connection: RealConnection,
    private readonly sql: string,
    private readonly real: RealStatement,
  ) {}

  run(...parameters: Values): unknown {
    operate();
    const result = this.real.run(...parameters);
    if (this.sql === 'COMMIT') lasting();
    return result;
  }

  get(...parameters: Values): unknown {
    operate();
    return this.real.get(...parameters);
  }

  all(...parameters: Values): unknown {
    operate();
    return this.real.all(...parameters);
  }

  /** One that is under way cannot be shared. */
  *iterate(...parameters: Values): Generator {
    const own = this.connection.handle.prepare(this.sql);
    own.setReadBigInts(true);
    own.setReturnArrays(true);
    this.connection.iterating.add(own);
    try {
      for (const row of own.iterate(...parameters)) {
        operate();
        yield row;
      }
    } finally {
      if (this.connection.iterating.delete(own)) own.close();
    }
  }

  setReadBigInts(wanted: boolean): void {
    this.real.setReadBigInts(wanted);
  }

  setReturnArrays(wanted: boolean): void {
    this.real.setReturnArrays(wanted);
  }

  close(): void {
    // Kept for the next one.
  }
}

class RealConnection {
  readonly handle: DatabaseSyncInstance;
  readonly iterating = new Set<RealStatement>();
  readonly #statements = new Map<string, KnownStatement>();
  /** Temporary tables that a process left behind. */
  readonly #left: RealStatement;

  constructor(path: string, options: object) {
    this.handle = new RealDatabase(path, options);
    this.#left = this.handle.prepare(`SELECT name FROM temp.sqlite_schema WHERE type = 'table'`);
  }

  prepare(sql: string): KnownStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    const made = new KnownStatement(this, sql, this.handle.prepare(sql));
    this.#statements.set(sql, made);
    return made;
  }

  /** The disk takes no further page; or takes them again. */
  limit(full: boolean): void {
    const pages = full ? '1' : String(UNLIMITED);
    this.handle.exec(`PRAGMA max_page_count = ${pages}`);
  }

  /** As whoever opens the file would find it. */
  clean(): void {
    for (const statement of this.iterating) statement.close();
    this.iterating.clear();
    if (this.handle.isTransaction) this.handle.exec('ROLLBACK');
    const left = this.#left.all();
    for (const row of left) {
      const { name } = row as { name: string };
      this.handle.exec(`DROP TABLE temp."${name.replaceAll('"', '""')}"`);
    }
  }
}

/** By file, then by the options they were opened with. */
const waiting = new Map<string, Map<string, RealConnection[]>>();

/** Closes every connection to a file that nobody uses: it is about to be replaced or removed. */
export function closeWaiting(path: string): void {
  for (const connections of waiting.get(path)?.values() ?? [])
    for (const { handle } of connections) handle.close();
  waiting.delete(path);
}

function waitingFor(path: string, options: object): RealConnection[] {
  const lists = waiting.get(path) ?? new Map<string, RealConnection[]>();
  waiting.set(path, lists);
  const key = JSON.stringify(options);
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

export class DatabaseSync implements Held {
  readonly #process: Process | null = currentProcess();
  readonly #list: RealConnection[];
  readonly #full: boolean;
  #connection: RealConnection | null;

  constructor(path: string, options: object) {
    operate();
    this.#list = waitingFor(path, options);
    this.#connection = this.#list.pop() ?? new RealConnection(path, options);
    this.#full = disk.full.has(placeOfDatabase(path));
    if (this.#full) this.#connection.limit(true);
    this.#process?.hold(this);
  }

  get isTransaction(): boolean {
    return this.#open().handle.isTransaction;
  }

  prepare(sql: string): KnownStatement {
    operate();
    return this.#open().prepare(sql);
  }

  exec(sql: string): void {
    operate();
    this.#open().handle.exec(sql);
  }

  close(): void {
    operate();
    this.release();
  }

  release(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    connection.clean();
    if (this.#full) connection.limit(false);
    this.#list.push(connection);
    this.#process?.letGo(this);
  }

  #open(): RealConnection {
    if (this.#connection === null) throw new Error('the connection is closed');
    return this.#connection;
  }
}

/** `…/3.db` is the database of place 3. */
const placeOfDatabase = (path: string): number =>
  Number(path.slice(path.lastIndexOf('/') + 1, -'.db'.length));
