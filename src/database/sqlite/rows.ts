import type { Value } from '../../batch/block';
import { inGroups, MOST_COUNTED, type NotedChange, type RowBlock } from '../comparison';
import { asNumber, type Connection } from './connection';
import { logOf, quote } from './names';
import type { SqliteTable } from './table';
import { bound, parameter } from './text-with-nul';
import { keyNames } from './log-sql';

export async function* readRows(reader: Connection, table: SqliteTable): AsyncGenerator<RowBlock> {
  const { name, columns, keyCount } = table;
  const rows = reader.iterate(`SELECT ${columns.map(quote).join(', ')} FROM ${quote(name)}`);
  for await (const group of inGroups(rows)) yield { table: name, columns, keyCount, rows: group };
}

export function readInFlight(
  reader: Connection,
  table: SqliteTable,
  after: number,
  only?: 'questions',
): AsyncGenerator<readonly (readonly Value[])[]> {
  const keys = keyNames(table).join(', ');
  return inGroups(
    reader.iterate(
      `SELECT ${keys} FROM ${quote(logOf(table.name))} WHERE (sent_in IS NULL OR sent_in > ?)${only === undefined ? '' : ` AND op = 'R'`}`,
      after,
    ),
  );
}

/** Null: too many to count. */
export function countRows(connection: Connection, { name }: SqliteTable): number | null {
  const some = `SELECT 1 FROM ${quote(name)} LIMIT ${String(MOST_COUNTED + 1)}`;
  const count = asNumber(connection.first(`SELECT count(*) FROM (${some})`)?.[0]);
  return count > MOST_COUNTED ? null : count;
}

/** Null where changes are under way, too. */
export function countSettled(connection: Connection, table: SqliteTable, included: number): number | null {
  const log = quote(logOf(table.name));
  const underWay = connection.first(
    `SELECT 1 FROM ${log} WHERE sent_in IS NULL OR sent_in > ? LIMIT 1`,
    included,
  );
  return underWay === null ? countRows(connection, table) : null;
}

export function writeNoted(
  connection: Connection,
  table: SqliteTable,
  { op, marks, key, at, base }: NotedChange,
): void {
  connection.run(
    `INSERT INTO ${quote(logOf(table.name))} (op, marks, changed_at, base, ${keyNames(table).join(', ')}) ` +
      `VALUES (?, ?, ?, ?, ${key.map(parameter).join(', ')})`,
    op,
    marks,
    at,
    base ?? null,
    ...key.flatMap(bound),
  );
}
