/** The pending lines of a table with the rows that they speak of: the query for them, and blocks of changes from its rows. */
import type { Role } from '../../report/report';
import type { Value } from '../../batch/block';
import { minus } from '../additive';
import { BlockBuffer } from '../block-buffer';
import { changeOf, type KeyLines } from '../log-lines';
import type { CapturedBlock } from '../port';
import { readExpression } from './column-type';
import { asNumber, asText, type Connection, type Row } from './connection';
import { logOf, quote } from './names';
import { logNumber } from './questions';
import { keyColumns, keyNames, sameInLog, sumNames, type MssqlTable } from './table';
import { fromWire } from './values';

/** Blocks of one table from the rows of `pendingQuery`, which come key by key. */
export async function* blocksOf(
  rows: AsyncIterable<Row>,
  table: MssqlTable,
  role: Role,
): AsyncGenerator<CapturedBlock> {
  const buffer = new BlockBuffer(table);
  let open: OpenKey | null = null;
  for await (const row of rows) {
    const line = readLine(table, row);
    if (open !== null && open.group === line.group) {
      add(open.lines, line);
      continue;
    }
    const full = open === null ? null : finish(buffer, table, role, open);
    if (full !== null) yield full;
    open = { group: line.group, key: line.key, row: line.row, lines: startOf(line) };
  }
  const full = open === null ? null : finish(buffer, table, role, open);
  if (full !== null) yield full;
  yield* buffer.rest();
}

type Lines = { -readonly [K in keyof Omit<KeyLines, 'adds'>]: KeyLines[K] } & { readonly adds: Value[][] };

interface OpenKey {
  readonly group: number;
  readonly key: readonly Value[];
  readonly row: readonly Value[] | null;
  readonly lines: Lines;
}

interface LogLine {
  readonly group: number;
  readonly op: string;
  readonly marks: string;
  readonly changedAt: number;
  readonly base: number | null;
  readonly origin: number;
  readonly key: readonly Value[];
  /** The row as it is; null: absent. */
  readonly row: readonly Value[] | null;
  /** By additive column, what an update that changed it added: one value, null for not known, or none. */
  readonly adds: readonly (readonly Value[])[];
}

const FIXED = 7;

/** Every pending line with the row as it is; lines of one key follow one another and have one group number. */
export function pendingQuery(table: MssqlTable, number: number, into: string | null): string {
  const read = (columns: readonly string[], prefix: string): string =>
    columns
      .map((column, at) => {
        const type = table.types[at];
        return `${type === undefined ? 'NULL' : readExpression(type, column)} AS ${prefix}${String(at + 1)}`;
      })
      .join(', ');
  const keys = keyNames(table).map((name) => `l.${name}`);
  const columns = table.columns.map((column) => `t.${quote(column)}`);
  const first = `t.${quote(table.columns[0] ?? '')}`;
  const sums = sumNames(table).flatMap((names) =>
    [names.old, names.new].map((name) => {
      const type = table.types[names.at];
      return `, ${type === undefined ? 'NULL' : readExpression(type, `l.${name}`)} AS ${name}`;
    }),
  );
  return (
    `SELECT DENSE_RANK() OVER (ORDER BY ${keys.join(', ')}) AS key_group, l.op, l.marks, l.changed_at, l.base, l.origin, ` +
    `CASE WHEN ${first} IS NULL THEN 0 ELSE 1 END AS present, ${read(keys, 'k')}, ${read(columns, 'c')}${sums.join('')} ` +
    `${into === null ? '' : `INTO ${into} `}FROM ${logOf(logNumber(table))} AS l ` +
    `LEFT JOIN ${table.object} AS t ON ${sameInLog(table)} ` +
    // Inside a snapshot the lines that were marked after it still look pending.
    `WHERE (l.sent_in = ${String(number)}${into === null ? ' OR l.sent_in IS NULL' : ''})` +
    (into === null ? ' ORDER BY key_group' : '')
  );
}

/** Whether `pendingQuery` finds any line inside the snapshot. Nearly all tables of a night have none. */
export async function hasLines(reader: Connection, table: MssqlTable, number: number): Promise<boolean> {
  const line = await reader.first(
    `SELECT TOP (1) 1 FROM ${logOf(logNumber(table))} WHERE sent_in = ${String(number)} OR sent_in IS NULL`,
  );
  return line !== null;
}

function readLine(table: MssqlTable, row: Row): LogLine {
  const values = (from: number, count: number): Value[] =>
    table.types.slice(0, count).map((type, at) => fromWire(type, row[from + at]));
  const marks = asText(row[2]);
  const op = asText(row[1]);
  const afterRow = FIXED + table.keyCount + table.columns.length;
  return {
    group: asNumber(row[0]),
    op,
    marks,
    changedAt: asNumber(row[3]),
    base: row[4] === null ? null : asNumber(row[4]),
    origin: asNumber(row[5]),
    key: values(FIXED, keyColumns(table).length),
    row: asNumber(row[6]) === 1 ? values(FIXED + table.keyCount, table.columns.length) : null,
    adds: sumNames(table).map(({ at }, place) => {
      const type = table.types[at];
      if (type === undefined || op !== 'U' || marks[at] !== '1') return [];
      const [before, after] = [0, 1].map((side) => fromWire(type, row[afterRow + 2 * place + side]));
      return [minus(after ?? null, before ?? null)];
    }),
  };
}

const startOf = (line: LogLine): Lines => ({
  inserts: line.op === 'I' ? 1 : 0,
  updates: line.op === 'U' ? 1 : 0,
  deletes: line.op === 'D' ? 1 : 0,
  asks: line.op === 'R' ? 1 : 0,
  marks: line.marks,
  changedAt: line.changedAt,
  base: line.base,
  lowestOrigin: line.origin,
  highestOrigin: line.origin,
  adds: line.adds.map((parts) => [...parts]),
});

function add(lines: Lines, line: LogLine): void {
  const other = startOf(line);
  lines.inserts += other.inserts;
  lines.updates += other.updates;
  lines.deletes += other.deletes;
  lines.asks += other.asks;
  lines.marks += other.marks;
  lines.changedAt = Math.max(lines.changedAt, other.changedAt);
  lines.base =
    lines.base === null || other.base === null
      ? (lines.base ?? other.base)
      : Math.min(lines.base, other.base);
  lines.lowestOrigin = Math.min(lines.lowestOrigin, other.lowestOrigin);
  lines.highestOrigin = Math.max(lines.highestOrigin, other.highestOrigin);
  for (const [at, parts] of other.adds.entries()) lines.adds[at]?.push(...parts);
}

function finish(buffer: BlockBuffer, table: MssqlTable, role: Role, open: OpenKey): CapturedBlock | null {
  const captured = changeOf(open.lines, role, open.key, open.row, table.columns.length);
  return captured === null ? null : buffer.add(captured.origin, captured.change);
}
