import type { Operation, Value } from '../../batch/block';
import type { Connection } from './connection';

/** A call of the database costs as much as the values of a row do: many rows go with each, up to so many values. */
const VALUES_AT_ONCE = 200;

/** A temporary table, and its columns that hold a row's values. */
interface Target {
  readonly name: string;
  readonly columns: readonly string[];
}

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

  constructor(connection: Connection, { name, columns }: Target) {
    this.#connection = connection;
    const plain = ['op', 'marks', 'changed_at', ...columns];
    const rows = Math.max(1, Math.floor(VALUES_AT_ONCE / plain.length));
    this.#width = plain.length;
    this.#most = rows * plain.length;
    this.#many = insertion(name, plain, rows);
    this.#one = insertion(name, plain, 1);
    this.#whole = insertion(name, [...plain, 'base', 'write', 'everyone', 'adds'], 1);
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
