import type { Operation, Value } from '../../batch/block';
import type { Connection } from './connection';

/** A call of the database costs as much as the values of a row do: many rows go with each, up to so many values. */
const VALUES_AT_ONCE = 200;

/** Writes staged rows in their order; the last ones with `finish`. */
export class StagedRows {
  readonly #connection: Connection;
  readonly #width: number;
  readonly #most: number;
  readonly #many: string;
  readonly #one: string;
  readonly #whole: string;
  /** Row after row. */
  #waiting: Value[] = [];

  /** `table`: the quoted name of a temporary table; `columns`: those of its values, in the order of each row's. */
  constructor(connection: Connection, table: string, columns: readonly string[]) {
    this.#connection = connection;
    const plain = ['op', 'marks', 'changed_at', ...columns];
    const rows = Math.max(1, Math.floor(VALUES_AT_ONCE / plain.length));
    this.#width = plain.length;
    this.#most = rows * plain.length;
    this.#many = insertion(table, plain, rows);
    this.#one = insertion(table, plain, 1);
    this.#whole = insertion(table, [...plain, 'base', 'write', 'everyone', 'adds'], 1);
  }

  /** A change that has no base, asks nothing and adds nothing: nearly every one. */
  add(op: Operation, marks: string, changedAt: number, values: readonly Value[]): void {
    this.#waiting.push(op, marks, changedAt, ...values);
    if (this.#waiting.length < this.#most) return;
    this.#connection.run(this.#many, ...this.#waiting);
    this.#waiting = [];
  }

  /** As above, then its base, whether it is to be written, whether it goes to everyone, and what it adds. */
  addWhole(row: readonly Value[]): void {
    this.finish();
    this.#connection.run(this.#whole, ...row);
  }

  finish(): void {
    for (let at = 0; at < this.#waiting.length; at += this.#width)
      this.#connection.run(this.#one, ...this.#waiting.slice(at, at + this.#width));
    this.#waiting = [];
  }
}

function insertion(table: string, names: readonly string[], rows: number): string {
  const row = `(${names.map(() => '?').join(', ')})`;
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}
