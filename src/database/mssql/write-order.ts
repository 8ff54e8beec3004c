import type { MssqlTable } from './table';

export interface OrderedTable<T extends { readonly table: MssqlTable }> {
  readonly item: T;
  /** Columns to write last, once all rows are there: they refer to the table itself or to one that comes later. */
  readonly late: readonly string[];
}

/** Parents before those that refer to them, as far as circles allow. */
export function parentsFirst<T extends { readonly table: MssqlTable }>(
  items: readonly T[],
): OrderedTable<T>[] {
  const ordered: T[] = [];
  const open = new Set<string>();
  const byName = new Map(items.map((item) => [item.table.name, item]));
  const visit = (item: T): void => {
    if (open.has(item.table.name)) return;
    open.add(item.table.name);
    for (const { parent } of item.table.foreignKeys) {
      const before = byName.get(parent);
      if (before !== undefined) visit(before);
    }
    ordered.push(item);
  };
  for (const item of items) visit(item);
  return ordered.map((item, at) => ({
    item,
    late: lateColumns(item.table, new Set(namesOf(ordered.slice(at)))),
  }));
}

const namesOf = (items: readonly { readonly table: MssqlTable }[]): string[] =>
  items.map(({ table }) => table.name);

/** Those of the key are never late: the row would not be there at all. */
function lateColumns(table: MssqlTable, notYet: ReadonlySet<string>): string[] {
  const referring = table.foreignKeys
    .filter(({ parent }) => notYet.has(parent))
    .flatMap(({ columns }) => columns);
  return table.columns.slice(table.keyCount).filter((column) => referring.includes(column));
}
