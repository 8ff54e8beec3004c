import type { Operation, Value } from '../../batch/block';
import type { Connection } from './connection';

/** A call of the database costs as much as the values of a row do: many rows go with each, up to so many values. */
const VALUES_AT_ONCE = [1000, 100];

/** Writes staged rows in their order; the last ones with `finish`. */
export class StagedRows {
  readonly #connection: Connection;
  /** The largest first, in the end a single row. */
  readonly #insertions: readonly { readonly values: number; readonly sql: string }[];
  readonly #whole: string;
  /** Row after row. */
  #waiting: Value[] = [];

  /** `table`: the quoted name of a temporary table; `columns`: those of its values, in the order of each row's. */
  constructor(connection: Connection, table: string, columns: readonly string[]) {
    this.#connection = connection;
    const plain = ['op', 'marks', 'changed_at', ...columns];
    const counts = [...VALUES_AT_ONCE.map((values) => Math.floor(values / plain.length)), 1];
    this.#insertions = counts
      .filter((rows) => rows > 0)
      .map((rows) => ({ values: rows * plain.length, sql: insertion(table, plain, rows) }));
    this.#whole = insertion(table, [...plain, 'base', 'write', 'everyone', 'adds'], 1);
  }

  /** A change that has no base, asks nothing and adds nothing: nearly every one. */
  add(op: Operation, marks: string, changedAt: number, values: readonly Value[]): void {
    this.#waiting.push(op, marks, changedAt, ...values);
    const [most] = this.#insertions;
    if (most === undefined || this.#waiting.length < most.values) return;
    this.#connection.run(most.sql, ...this.#waiting);
    this.#waiting = [];
  }

  /** As above, then its base, whether it is to be written, whether it goes to everyone, and what it adds. */
  addWhole(row: readonly Value[]): void {
    this.finish();
    this.#connection.run(this.#whole, ...row);
  }

  finish(): void {
    let at = 0;
    for (const { values, sql } of this.#insertions)
      for (; at + values <= this.#waiting.length; at += values)
        this.#connection.run(sql, ...this.#waiting.slice(at, at + values));
    this.#waiting = [];
  }
}

function insertion(table: string, names: readonly string[], rows: number): string {
  const row = `(${names.map(() => '?').join(', ')})`;
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}
