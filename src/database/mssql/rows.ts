import type { Value } from '../../batch/block';
import { inGroups, MOST_COUNTED, type NotedChange, type RowBlock } from '../comparison';
import { keyExpression, readExpression } from './column-type';
import { asNumber, type Connection, type Row } from './connection';
import { literal, logOf, quote } from './names';
import { logNumber } from './questions';
import { keyColumns, keyNames, type MssqlTable } from './table';
import { fromWire, parameterOf } from './values';

export async function* readRows(reader: Connection, table: MssqlTable): AsyncGenerator<RowBlock> {
  const { name, columns, keyCount } = table;
  const values = columns.map(quote);
  const query = `SELECT ${read(table, values)} FROM ${table.object}`;
  for await (const group of inGroups(reader.stream(query)))
    yield { table: name, columns, keyCount, rows: group.map((row) => valuesIn(table, row, columns.length)) };
}

export async function* readInFlight(
  reader: Connection,
  table: MssqlTable,
  after: number,
  only?: 'questions',
): AsyncGenerator<readonly (readonly Value[])[]> {
  const query =
    `SELECT ${read(table, keyNames(table))} FROM ${logOf(logNumber(table))} ` +
    `WHERE (sent_in IS NULL OR sent_in > ${String(after)})${only === undefined ? '' : ` AND op = 'R'`}`;
  for await (const group of inGroups(reader.stream(query)))
    yield group.map((row) => valuesIn(table, row, keyColumns(table).length));
}

/** Null: too many to count. */
export async function countRows(connection: Connection, { object }: MssqlTable): Promise<number | null> {
  const some = `SELECT TOP (${String(MOST_COUNTED + 1)}) 1 AS one FROM ${object}`;
  const count = asNumber((await connection.first(`SELECT COUNT(*) FROM (${some}) AS counted`))?.[0]);
  return count > MOST_COUNTED ? null : count;
}

/** Null where changes are under way, too. */
export async function countSettled(
  connection: Connection,
  table: MssqlTable,
  included: number,
): Promise<number | null> {
  const underWay = await connection.first(
    `SELECT TOP (1) 1 FROM ${logOf(logNumber(table))} WHERE sent_in IS NULL OR sent_in > ${String(included)}`,
  );
  return underWay === null ? countRows(connection, table) : null;
}

export async function writeNoted(
  connection: Connection,
  table: MssqlTable,
  { op, marks, key, at, base }: NotedChange,
): Promise<void> {
  const types = table.types.slice(0, table.keyCount);
  const given = types.map((type, index) => keyExpression(type, `@p${String(index + 1)}`));
  await connection.all(
    `INSERT INTO ${logOf(logNumber(table))} (op, marks, changed_at, base, ${keyNames(table).join(', ')}) ` +
      `VALUES (${literal(op)}, ${literal(marks)}, ${String(at)}, ${base === undefined ? 'NULL' : String(base)}, ${given.join(', ')})`,
    ...types.map((type, index) => parameterOf(type, key[index] ?? null)),
  );
}

/** Names of the first columns, as SQL that gives their values as they travel. */
const read = ({ types }: MssqlTable, names: readonly string[]): string =>
  names
    .map((name, at) => {
      const type = types[at];
      return type === undefined ? 'NULL' : readExpression(type, name);
    })
    .join(', ');

const valuesIn = ({ types }: MssqlTable, row: Row, count: number): Value[] =>
  types.slice(0, count).map((type, at) => fromWire(type, row[at]));
