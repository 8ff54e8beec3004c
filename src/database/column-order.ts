import type { Block, Change, Value } from '../batch/block';
import { SyncError } from '../shared/errors';
import type { Table } from './port';

/**
 * For each column of the table its place in the block, or null where the two orders are the same. Throws
 * `database.columnsDiffer` {table}.
 */
export function placesOf(block: Block, table: Table): readonly number[] | null {
  if (
    block.columns.length === table.columns.length &&
    block.columns.every((name, at) => name === table.columns[at])
  ) {
    return null;
  }
  const places = table.columns.map((column) => block.columns.indexOf(column));
  if (places.includes(-1) || block.columns.length !== table.columns.length) {
    throw new SyncError('database.columnsDiffer', { params: { table: table.name } });
  }
  return places;
}

/**
 * What the change adds to each column of the table, nothing where it did not touch an additive one; null where it is
 * not known, or where the column is not additive here. Null altogether for what is no update of such a table.
 */
export function addsOf(
  { op, adds = [], marks }: Change,
  { additive = [], columns }: Block,
  table: Table,
): readonly Value[] | null {
  if (op !== 'U' || table.additive.length === 0) return null;
  return table.columns.map((column) => {
    if (!table.additive.includes(column)) return null;
    return marks[columns.indexOf(column)] === '1' ? (adds[additive.indexOf(column)] ?? null) : 0n;
  });
}

/** The change's marks and values in the table's own order; a key alone is filled up with nulls. */
export function reorder(
  change: Change,
  places: readonly number[] | null,
  width: number,
): { marks: string; values: readonly Value[] } {
  if (places === null && change.values.length === width) return change;
  const at = (column: number): number => places?.[column] ?? column;
  return {
    marks:
      change.marks === '' ? '' : Array.from({ length: width }, (_, i) => change.marks[at(i)] ?? '0').join(''),
    values: Array.from({ length: width }, (_, i) => change.values[at(i)] ?? null),
  };
}
