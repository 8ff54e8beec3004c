import { isSameSchema } from '../database/fingerprint';
import type { Table } from '../database/port';

export type Fingerprints = Readonly<Record<string, string>>;

export const fingerprintsOf = (tables: readonly Table[]): Fingerprints =>
  Object.fromEntries(tables.map(({ name, fingerprint }) => [name, fingerprint]));

/**
 * Tables that must wait: those that are not the same on both sides, and those that refer to one that waits.
 * A table that only one side has waits too; what it holds stays pending there. `waiting`: tables that wait anyhow.
 */
export function heldTables(
  tables: readonly Table[],
  other: Fingerprints,
  waiting: Iterable<string> = [],
): ReadonlySet<string> {
  const known = new Map(tables.map((table) => [table.name, table]));
  const held = new Set([...waiting, ...Object.keys(other).filter((name) => !known.has(name))]);
  for (const { name, fingerprint, tracking } of tables) {
    if (!isSameSchema(fingerprint, other[name]) || tracking !== 'installed') held.add(name);
  }
  for (let grown = true; grown;) {
    const before = held.size;
    for (const { name, foreignKeys } of tables) {
      if (foreignKeys.some(({ parent }) => held.has(parent))) held.add(name);
    }
    grown = held.size > before;
  }
  return held;
}
