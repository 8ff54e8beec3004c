import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';

export type Value = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

/** Each establishment makes the keys of its new rows in a range of its own, so that no two make the same one. */
const KEY_RANGE = 1_000_000;

/**
 * The business application of one establishment: a connection of its own to the database, plain SQL, and no knowledge
 * of the synchronisation.
 */
export class Application {
  readonly counts = { inserted: 0, updated: 0, deleted: 0 };
  readonly #handle: DatabaseSyncInstance;
  readonly #firstKey: number;
  readonly #statements = new Map<string, ReturnType<DatabaseSyncInstance['prepare']>>();
  readonly #lastKeys = new Map<string, number>();

  constructor(path: string, establishment: number) {
    this.#handle = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
    this.#firstKey = establishment * KEY_RANGE + 1;
  }

  /** Several statements, with nothing to fill in. */
  script(sql: string): void {
    this.#handle.exec(sql);
  }

  transaction(work: () => void): void {
    this.#handle.exec('BEGIN IMMEDIATE');
    work();
    this.#handle.exec('COMMIT');
  }

  /** The next key of this establishment; calling it takes the key. */
  newKey(table: string): number {
    const end = this.#firstKey + KEY_RANGE;
    const last =
      this.#lastKeys.get(table) ??
      this.number(
        `SELECT coalesce(max(id), ?) FROM ${table} WHERE id >= ? AND id < ?`,
        this.#firstKey - 1,
        this.#firstKey,
        end,
      );
    this.#lastKeys.set(table, last + 1);
    return last + 1;
  }

  /** Inserts a row; where its table has a generated key, `insertNew` makes it. */
  insert(table: string, row: Row): void {
    const columns = Object.keys(row);
    const marks = columns.map(() => '?').join(', ');
    this.#run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`, Object.values(row));
    this.counts.inserted += 1;
  }

  /** Inserts a row under the next key of this establishment, and returns that key. */
  insertNew(table: string, row: Row): number {
    const id = this.newKey(table);
    this.insert(table, { id, ...row });
    return id;
  }

  update(sql: string, ...values: Value[]): void {
    this.counts.updated += this.#run(sql, values);
  }

  delete(sql: string, ...values: Value[]): void {
    this.counts.deleted += this.#run(sql, values);
  }

  /** The first column of a query, as numbers. */
  numbers(sql: string, ...values: Value[]): number[] {
    const rows: unknown[] = this.#statement(sql).all(...values);
    return rows.map((row) => Number(Array.isArray(row) ? row[0] : null));
  }

  number(sql: string, ...values: Value[]): number {
    return this.numbers(sql, ...values)[0] ?? 0;
  }

  close(): void {
    this.#handle.close();
  }

  #run(sql: string, values: readonly Value[]): number {
    return this.#statement(sql).run(...values).changes;
  }

  #statement(sql: string): ReturnType<DatabaseSyncInstance['prepare']> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#handle.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}
