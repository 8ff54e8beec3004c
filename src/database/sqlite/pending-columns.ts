/**
 * Pending changes of whole rows, column by column: SQLite joins the values of some thousand rows into one text, which
 * costs a fraction of what each of them costs on its own way out.
 */
import { BLOCK_BYTES, BLOCK_CHANGES, type Value } from '../../batch/block';
import { ColumnBlock, type Cells, type ChangeColumns } from '../../batch/column-block';
import { INTEGER_LIMIT } from '../../batch/integers';
import { unionOfMarks } from '../log-lines';
import type { CapturedBlock } from '../port';
import type { Connection } from './connection';
import { asNumber, asText, resultCode } from './connection';
import { quote } from './names';
import { fromPending, type Range } from './pending-keys';
import type { SqliteTable } from './table';

/** Texts of more bytes are read one by one: nobody knows how many thousand of them would be in memory at once. */
const LONGEST = 256;

/** Stands for what does not go through a text as it is. No column that is joined holds it. */
const OTHER = '0.5';

/** The first range is small: only then is known how long the rows are. */
const FIRST_ROWS = 512;
const GROWTH = 8;
/** Ranges one after the other that had to be read another way: so will the next ones. */
const MOST_MISSES = 3;

/** Reads one table's pending changes so, as far as they lend themselves to it. */
export class PendingColumns {
  readonly #reader: Connection;
  readonly #table: SqliteTable;
  #rows = FIRST_ROWS;
  #misses = 0;

  constructor(reader: Connection, table: SqliteTable) {
    this.#reader = reader;
    this.#table = table;
    // What an update adds is in the lines alone.
    if (table.additive.length > 0) this.#misses = MOST_MISSES;
  }

  /** How many rows to read next. */
  get size(): number {
    return this.#misses < MOST_MISSES ? this.#rows : BLOCK_CHANGES;
  }

  /**
   * The changes of a range; null where one of them deletes, asks, has a base of its own or another origin than the
   * others, or where a value does not go through a text.
   */
  read(range: Range): CapturedBlock | null {
    if (this.#misses >= MOST_MISSES) return null;
    const { name, columns, keyCount } = this.#table;
    const found = this.#joined(range);
    this.#misses = found === null ? this.#misses + 1 : 0;
    if (found === null) return null;
    return { origin: found.origin, block: new ColumnBlock({ table: name, columns, keyCount }, found.data) };
  }

  #joined(range: Range): { readonly origin: number; readonly data: ChangeColumns } | null {
    const row = firstOrNull(this.#reader, joinedQuery(this.#table), range);
    if (row === null) return null;
    const [lowest, highest, bases, absent, ops, marks, times, ...texts] = row;
    if (lowest !== highest || bases !== 0n || absent !== 0n) return null;
    const kinds = opsOf(listIn(ops));
    const changedAt = numbersIn(asText(times));
    const cells = this.#cells(range, texts.map(asText));
    if (kinds === null || changedAt === null || cells === null) return null;
    const width = this.#table.columns.length;
    const allMarks = listIn(marks).map((each) => unionOfMarks(String(each), width));
    this.#fit(kinds.length, texts);
    return { origin: asNumber(lowest), data: { ops: kinds, marks: allMarks, changedAt, cells } };
  }

  #cells(range: Range, texts: readonly string[]): Cells[] | null {
    const joined = texts.map(cellsIn);
    const single = readSingly(this.#reader, this.#table, range);
    const cells = this.#table.columns.map((_, at) =>
      isJoined(this.#table, at) ? joined.shift() : single.shift(),
    );
    const count = range.to + 1 - range.from;
    return cells.every((column) => column?.length === count)
      ? cells.filter((column) => column != null)
      : null;
  }

  /** As many rows the next time as make a block. */
  #fit(rows: number, texts: readonly Value[]): void {
    const bytes = texts.reduce<number>((sum, text) => sum + asText(text).length, 1);
    const fitting = Math.ceil((rows * BLOCK_BYTES) / bytes);
    this.#rows = Math.min(BLOCK_CHANGES, this.#rows * GROWTH, fitting);
  }
}

/** Floating-point numbers and bytes have no text of their own, and what is declared as anything may be one. */
function isJoined({ described }: SqliteTable, at: number): boolean {
  const family = described[at]?.family;
  return family === 'integer' || family === 'text';
}

function joinedQuery(table: SqliteTable): string {
  const first = `t.${quote(table.columns[0] ?? '')}`;
  const values = table.columns.flatMap((column, at) =>
    isJoined(table, at) ? [`json_group_array(${throughText(table, column, at)})`] : [],
  );
  return (
    `SELECT min(l.lowest), max(l.highest), count(l.base), count(*) - count(${first}), ` +
    ['ops', 'marks', 'changed_at'].map((name) => `json_group_array(l.${name})`).join(', ') +
    `${values.map((value) => `, ${value}`).join('')} ${fromPending(table)}`
  );
}

function throughText({ described }: SqliteTable, column: string, at: number): string {
  const value = `t.${quote(column)}`;
  return described[at]?.family === 'integer'
    ? `CASE WHEN typeof(${value}) IN ('integer', 'null') THEN ${value} ELSE ${OTHER} END`
    : `CASE WHEN octet_length(${value}) > ${String(LONGEST)} THEN ${OTHER} ELSE ${value} END`;
}

/** The columns that cannot be joined, value by value. */
function readSingly(reader: Connection, table: SqliteTable, { from, to }: Range): Value[][] {
  const names = table.columns.filter((_, at) => !isJoined(table, at));
  const columns: Value[][] = names.map(() => []);
  if (names.length === 0) return columns;
  const sql = `SELECT ${names.map((name) => `t.${quote(name)}`).join(', ')} ${fromPending(table)}`;
  for (const row of reader.iterate(sql, from, to))
    for (const [at, value] of row.entries()) columns[at]?.push(value);
  return columns;
}

/** A byte string where none is declared cannot be joined: an error of no kind. */
function firstOrNull(reader: Connection, sql: string, { from, to }: Range): readonly Value[] | null {
  try {
    return reader.first(sql, from, to);
  } catch (error) {
    if (resultCode(error) !== 1) throw error;
    return null;
  }
}

const listIn = (text: Value | undefined): readonly unknown[] => JSON.parse(asText(text)) as unknown[];

/** What the lines of each key come to: a row that was made, or that was changed; null for anything else. */
function opsOf(lines: readonly unknown[]): ('I' | 'U')[] | null {
  const ops: ('I' | 'U')[] = [];
  for (const each of lines) {
    const line = String(each);
    if (line !== 'I' && line !== 'U' && !/^[IU]+$/.test(line)) return null;
    ops.push(line.includes('I') ? 'I' : 'U');
  }
  return ops;
}

/** Values that are all texts, or all whole numbers, some of them null; null: there are others. */
function cellsIn(text: string): Cells | null {
  if (!text.includes('"')) return numbersIn(text) ?? bigintsIn(text);
  const values = JSON.parse(text) as unknown[];
  const isSound = (value: unknown): value is string | null => value === null || typeof value === 'string';
  return values.every(isSound) ? values : null;
}

/** Whole numbers, where all are and none is too large. */
function numbersIn(text: string): Float64Array | null {
  if (!/^\[[\d,-]*\]$/.test(text)) return null;
  const numbers = Float64Array.from(JSON.parse(text) as number[]);
  return numbers.every((value) => Math.abs(value) <= INTEGER_LIMIT) ? numbers : null;
}

function bigintsIn(text: string): Value[] | null {
  if (!/^\[[\d,nul-]*\]$/.test(text)) return null;
  return text
    .slice(1, -1)
    .split(',')
    .map((value) => (value === 'null' ? null : BigInt(value)));
}
