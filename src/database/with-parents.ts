import type { Table } from './port';

/** Tables that a merge may write: those with staged changes, and those that these may bring a parent back to. */
export function withParents<T extends Table>(
  staged: readonly { readonly table: T }[],
  tables: readonly T[],
): readonly T[] {
  const names = new Set(staged.map(({ table }) => table.name));
  // A set grows while it is walked, and is walked to its end.
  for (const name of names) {
    const table = tables.find((known) => known.name === name);
    for (const { parent } of table?.foreignKeys ?? []) names.add(parent);
  }
  return tables.filter(({ name }) => names.has(name));
}
