import { BlockBuffer } from '../block-buffer';
import type { SnapshotBlock } from '../port';
import { wholeRow } from '../whole-row';
import { allowsSnapshots, holdStill } from './capture';
import { readExpression } from './column-type';
import { asNumber, type Connection } from './connection';
import { quote } from './names';
import { readState } from './state';
import type { MssqlTable } from './table';
import { fromWire } from './values';

/**
 * Every row of these tables, over a connection of its own. Where snapshots are not allowed, who writes into these
 * tables waits until all is read.
 */
export async function* readSnapshot(
  reader: Connection,
  tables: readonly MssqlTable[],
): AsyncGenerator<SnapshotBlock> {
  if (await allowsSnapshots(reader)) {
    await reader.run('SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION');
  } else {
    await reader.run('BEGIN TRANSACTION');
    for (const table of tables) await holdStill(reader, table);
  }
  const { lastMarked } = await readState(reader);
  let total = 0;
  for (const { object } of tables)
    total += asNumber((await reader.first(`SELECT COUNT_BIG(*) FROM ${object}`))?.[0]);
  for (const table of tables) {
    const buffer = new BlockBuffer(table);
    for await (const row of reader.stream(rowsQuery(table))) {
      const full = buffer.add(0, wholeRow(table.types.map((type, at) => fromWire(type, row[at]))));
      if (full !== null) yield { lastMarked, total, block: full.block };
    }
    for (const { block } of buffer.rest()) yield { lastMarked, total, block };
  }
}

function rowsQuery(table: MssqlTable): string {
  const columns = table.columns.map((column, at) => {
    const type = table.types[at];
    return `${type === undefined ? 'NULL' : readExpression(type, `t.${quote(column)}`)} AS c${String(at + 1)}`;
  });
  return `SELECT ${columns.join(', ')} FROM ${table.object} AS t`;
}

export async function occupiedTables(
  connection: Connection,
  tables: readonly MssqlTable[],
): Promise<string[]> {
  const occupied: string[] = [];
  for (const { name, object } of tables) {
    if ((await connection.first(`SELECT TOP (1) 1 FROM ${object}`)) !== null) occupied.push(name);
  }
  return occupied;
}
