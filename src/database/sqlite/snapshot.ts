import { BlockBuffer } from '../block-buffer';
import type { SnapshotBlock } from '../port';
import { wholeRow } from '../whole-row';
import { asNumber, type Connection } from './connection';
import { quote } from './names';
import { readState } from './state';
import type { SqliteTable } from './table';
import { keyColumns } from './log-sql';

/** Every row of these tables, from a reader that begins its reading here. A row without a key is nowhere. */
export function* readSnapshot(reader: Connection, tables: readonly SqliteTable[]): Generator<SnapshotBlock> {
  reader.run('BEGIN');
  const { lastMarked } = readState(reader);
  const total = tables.reduce(
    (sum, { name }) => sum + asNumber(reader.first(`SELECT count(*) FROM ${quote(name)}`)?.[0]),
    0,
  );
  for (const table of tables) {
    const buffer = new BlockBuffer(table);
    for (const row of reader.iterate(rowsQuery(table))) {
      const full = buffer.add(0, wholeRow(row));
      if (full !== null) yield { lastMarked, total, block: full.block };
    }
    for (const { block } of buffer.rest()) yield { lastMarked, total, block };
  }
}

function rowsQuery(table: SqliteTable): string {
  const known = keyColumns(table).map((column) => `${quote(column)} IS NOT NULL`);
  return `SELECT ${table.columns.map(quote).join(', ')} FROM ${quote(table.name)} WHERE ${known.join(' AND ')}`;
}

export const occupiedTables = (connection: Connection, tables: readonly SqliteTable[]): string[] =>
  tables
    .map(({ name }) => name)
    .filter((name) => connection.first(`SELECT 1 FROM ${quote(name)} LIMIT 1`) !== null);
