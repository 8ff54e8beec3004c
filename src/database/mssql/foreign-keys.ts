import type { ForeignKey } from '../port';
import { asNumber, type Connection } from './connection';
import { quote } from './names';
import type { Staged } from './staged-row';
import type { Staging } from './staging';
import { keyColumns, sameAsStaged, stagedValue, type MssqlTable } from './table';

/** A violation, before its row is read. */
export type Found = { readonly staged: Staged; readonly id: number } & (
  | { readonly kind: 'missingParent'; readonly foreignKey: ForeignKey }
  | { readonly kind: 'childrenRemain' }
  | { readonly kind: 'refused'; readonly reason: string }
);

/**
 * Foreign keys that writing the staged changes would leave broken. Looked for before anything is written: the server
 * would refuse a whole statement for one of them, and cascades would act for others.
 */
export async function findBroken(
  connection: Connection,
  staging: Staging,
  tables: readonly MssqlTable[],
): Promise<Found[]> {
  const found: Found[] = [];
  for (const staged of staging.tables) {
    for (const foreignKey of staged.table.foreignKeys) {
      const parent = tables.find(({ name }) => name === foreignKey.parent);
      if (parent === undefined) continue;
      const sql = missingParents(staged, foreignKey, parent, staging.find(parent.name));
      for (const id of await idsOf(connection, sql))
        found.push({ kind: 'missingParent', foreignKey, staged, id });
    }
  }
  for (const child of tables) {
    for (const foreignKey of child.foreignKeys) {
      const staged = staging.find(foreignKey.parent);
      if (staged === undefined || !(await takesParentsAway(connection, staged, foreignKey))) continue;
      const sql = remainingChildren(staged, child, foreignKey, staging.find(child.name));
      for (const id of await idsOf(connection, sql)) found.push({ kind: 'childrenRemain', staged, id });
    }
  }
  return found;
}

const written = (alias: string): string => `${alias}.writes = 1 AND ${alias}.op IN ('I', 'U')`;

/** Staged rows that refer to a row which is not there, or will not be, and does not come either. */
function missingParents(
  staged: Staged,
  foreignKey: ForeignKey,
  parent: MssqlTable,
  stagedParent: Staged | undefined,
): string {
  const own = foreignKey.columns.map((column) => stagedValue(staged.table, column));
  const given = own.map((value) => `${value} IS NOT NULL`).join(' AND ');
  const there = equal(
    foreignKey.parentColumns.map((column) => `p.${quote(column)}`),
    own,
  );
  const stays =
    stagedParent === undefined
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${stagedParent.name} AS g WHERE g.writes = 1 ` +
        `${refersToKey(foreignKey, parent) ? "AND g.op = 'D' " : ''}AND ${sameAsStaged(parent, 'p', 'g')})`;
  const comes =
    stagedParent === undefined
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${stagedParent.name} AS q WHERE ${written('q')} AND ${equal(
          foreignKey.parentColumns.map((column) => stagedValue(parent, column, 'q')),
          own,
        )})`;
  return (
    `SELECT s.id FROM ${staged.name} AS s WHERE ${written('s')} AND ${given} ` +
    `AND NOT EXISTS (SELECT 1 FROM ${parent.object} AS p WHERE ${there}${stays})${comes}`
  );
}

/** Nearly always none is deleted and no key changes, which is soon known. */
async function takesParentsAway(
  connection: Connection,
  { name, table }: Staged,
  foreignKey: ForeignKey,
): Promise<boolean> {
  if (!refersToKey(foreignKey, table)) return true;
  const sql = `SELECT TOP (1) 1 FROM ${name} WHERE op = 'D' AND writes = 1`;
  return (await connection.first(sql)) !== null;
}

/** Deletions of parents that a row refers to, or will, and changes of the very columns that it refers to. */
function remainingChildren(
  staged: Staged,
  child: MssqlTable,
  foreignKey: ForeignKey,
  stagedChild: Staged | undefined,
): string {
  const { table } = staged;
  const byKey = refersToKey(foreignKey, table);
  const former = foreignKey.parentColumns.map((column) => `p.${quote(column)}`);
  const taken = byKey
    ? "s.op = 'D'"
    : `(s.op = 'D' OR NOT (${equal(
        former,
        foreignKey.parentColumns.map((column) => stagedValue(table, column)),
      )}))`;
  const replaced = byKey
    ? ''
    : ` AND NOT EXISTS (SELECT 1 FROM ${staged.name} AS r WHERE ${written('r')} AND ${equal(
        foreignKey.parentColumns.map((column) => stagedValue(table, column, 'r')),
        former,
      )})`;
  const leaves =
    stagedChild === undefined
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${stagedChild.name} AS g WHERE g.writes = 1 AND ${sameAsStaged(child, 'c', 'g')})`;
  const there = `EXISTS (SELECT 1 FROM ${child.object} AS c WHERE ${equal(
    foreignKey.columns.map((column) => `c.${quote(column)}`),
    former,
  )}${leaves})`;
  const coming =
    stagedChild === undefined
      ? ''
      : ` OR EXISTS (SELECT 1 FROM ${stagedChild.name} AS q WHERE ${written('q')} AND ${equal(
          foreignKey.columns.map((column) => stagedValue(child, column, 'q')),
          former,
        )})`;
  return (
    `SELECT s.id FROM ${staged.name} AS s JOIN ${table.object} AS p ON ${sameAsStaged(table, 'p', 's')} ` +
    `WHERE s.writes = 1 AND ${taken}${replaced} AND (${there}${coming})`
  );
}

export function refersToKey(foreignKey: ForeignKey, parent: MssqlTable): boolean {
  return (
    foreignKey.parentColumns.length === parent.keyCount &&
    keyColumns(parent).every((column) => foreignKey.parentColumns.includes(column))
  );
}

const equal = (left: readonly string[], right: readonly string[]): string =>
  left.map((value, at) => `${value} = ${right[at] ?? 'NULL'}`).join(' AND ');

const idsOf = async (connection: Connection, sql: string): Promise<number[]> =>
  (await connection.all(sql)).map(([id]) => asNumber(id));
