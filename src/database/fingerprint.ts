import { createHash } from 'node:crypto';

export type Family = 'integer' | 'real' | 'decimal' | 'text' | 'binary' | 'any';

export interface FingerprintColumn {
  readonly name: string;
  /** The type as its engine spells it, lengths included. */
  readonly type: string;
  /** What of it every engine knows. */
  readonly family: Family;
}

/**
 * `engine:families:types`: two tables of one engine are alike where all of it is equal; two of different engines, which
 * spell their types in different ways, where the names, the key and the families are.
 */
export function fingerprintOf(
  engine: string,
  table: string,
  columns: readonly FingerprintColumn[],
  keyCount: number,
): string {
  const key = columns.slice(0, keyCount).map(({ name }) => name);
  const digest = (term: (column: FingerprintColumn) => string): string =>
    createHash('sha256')
      .update(JSON.stringify([table, key, columns.map((column) => [column.name, term(column)]).sort(byName)]))
      .digest('hex')
      .slice(0, 16);
  return `${engine}:${digest(({ family }) => family)}:${digest(({ type }) => type)}`;
}

const byName = ([a = '']: string[], [b = '']: string[]): number => (a < b ? -1 : 1);

/** Whether rows of one table fit the other. */
export function isSameSchema(one: string, other: string | undefined): boolean {
  if (other === undefined) return false;
  const [engine, families] = one.split(':');
  const [otherEngine, otherFamilies] = other.split(':');
  return engine === otherEngine ? one === other : families !== undefined && families === otherFamilies;
}

/** Whether two fingerprints are of databases of two kinds. */
export const isMixed = (one: string, other: string): boolean => one.split(':')[0] !== other.split(':')[0];
