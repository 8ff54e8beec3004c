import type { ForeignKey, Unseen } from '../port';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber } from './connection';
import { logOf, quote } from './names';
import { formerName, stagedColumn, type Staged, type Staging } from './staging';
import { keyColumns, keyNames, sameKey } from './log-sql';
import { indexKeys, unseenCondition } from './unseen';

/** A violation, before its row is read. */
export type Found = { readonly staged: Staged; readonly id: number } & (
  | { readonly kind: 'missingParent'; readonly foreignKey: ForeignKey }
  | { readonly kind: 'childrenRemain' }
  | { readonly kind: 'refused'; readonly reason: string }
);

/**
 * Foreign keys that the written changes leave broken. At the hub every one counts. What comes from the hub was whole
 * there, so at a site only those count that break against a row the hub has not seen or that could not be written.
 */
export function findBroken(
  connection: Connection,
  staging: Staging,
  tables: readonly SqliteTable[],
  unseen: Unseen,
): Found[] {
  const found: Found[] = [];
  for (const staged of staging.tables) {
    for (const foreignKey of staged.table.foreignKeys) {
      const parent = tables.find(({ name }) => name === foreignKey.parent);
      for (const id of missingParents(connection, staged, foreignKey, parent, unseen)) {
        found.push({ kind: 'missingParent', foreignKey, staged, id });
      }
    }
  }
  for (const child of tables) {
    for (const foreignKey of child.foreignKeys) {
      const staged = staging.find(foreignKey.parent);
      if (staged === undefined) continue;
      for (const id of remainingChildren(connection, staged, child, foreignKey, unseen)) {
        found.push({ kind: 'childrenRemain', staged, id });
      }
    }
  }
  return found;
}

function missingParents(
  connection: Connection,
  staged: Staged,
  foreignKey: ForeignKey,
  parent: SqliteTable | undefined,
  unseen: Unseen,
): number[] {
  const own = foreignKey.columns.map((column) => stagedColumn(staged, column));
  const given = own.map((column) => `s.${column} IS NOT NULL`).join(' AND ');
  const match = foreignKey.parentColumns
    .map((column, at) => `p.${quote(column)} = s.${own[at] ?? ''}`)
    .join(' AND ');
  const counts = unseen.at !== 'site' ? '' : `AND ${changedHere(foreignKey, own, parent, unseen)}`;
  return idsOf(
    connection,
    `SELECT s.id FROM ${staged.name} AS s WHERE s.write AND s.op IN ('I', 'U') AND NOT s.exempt AND ${given} ` +
      `AND NOT EXISTS (SELECT 1 FROM ${quote(foreignKey.parent)} AS p WHERE ${match}) ${counts}`,
  );
}

/**
 * Whether this site itself took the parent away. Where the reference is not to the parent's key nobody can tell which
 * row it was: anything unseen in the parent's table counts then.
 */
function changedHere(
  foreignKey: ForeignKey,
  own: readonly string[],
  parent: SqliteTable | undefined,
  unseen: Unseen,
): string {
  if (parent === undefined) return '1';
  const log = `SELECT 1 FROM ${quote(logOf(parent.name))} AS l WHERE ${unseenCondition(unseen, true)}`;
  if (!refersToKey(foreignKey, parent)) return `EXISTS (${log})`;
  const key = keyColumns(parent).map((column) => own[foreignKey.parentColumns.indexOf(column)] ?? '');
  const match = sameKey(parent, 'l', keyNames(parent), 's', key);
  return `EXISTS (${log} AND ${match})`;
}

/** Deletions of parents that a row still refers to, and changes of the very columns that it refers to. */
function remainingChildren(
  connection: Connection,
  staged: Staged,
  child: SqliteTable,
  foreignKey: ForeignKey,
  unseen: Unseen,
): number[] {
  const { table } = staged;
  const byKey = refersToKey(foreignKey, table);
  const former = byKey ? staged.name : formerName(staged);
  const columns = foreignKey.parentColumns.map((column) => stagedColumn(staged, column));
  if (byKey) {
    const deleted = connection.first(`SELECT 1 FROM ${staged.name} WHERE op = 'D' AND write LIMIT 1`);
    if (deleted === null) return [];
    indexKeys(connection, staged);
  }
  const match = foreignKey.columns
    .map((column, at) => `s.${columns[at] ?? ''} = c.${quote(column)}`)
    .join(' AND ');
  const gone = byKey
    ? `s.op = 'D' AND s.write`
    : `NOT EXISTS (SELECT 1 FROM ${quote(table.name)} AS p WHERE ${foreignKey.parentColumns
        .map((column, at) => `p.${quote(column)} = s.${columns[at] ?? ''}`)
        .join(' AND ')})`;
  const counts = unseen.at !== 'site' ? '' : `AND ${keptHere(child, byKey ? null : table, unseen)}`;
  return idsOf(
    connection,
    `SELECT DISTINCT s.id FROM ${former} AS s JOIN ${quote(child.name)} AS c ON ${match} WHERE ${gone} ${counts}`,
  );
}

/**
 * Whether it is this site that keeps the child `c`, or, where the reference is not to a key, anything in the parent's
 * table: the row that now has the value referred to may be one that was left.
 */
function keptHere(child: SqliteTable, parent: SqliteTable | null, unseen: Unseen): string {
  const condition = unseenCondition(unseen, true);
  const same = sameKey(child, 'l', keyNames(child), 'c', keyColumns(child));
  const kept = `EXISTS (SELECT 1 FROM ${quote(logOf(child.name))} AS l WHERE ${condition} AND ${same})`;
  if (parent === null) return kept;
  return `(${kept} OR EXISTS (SELECT 1 FROM ${quote(logOf(parent.name))} AS l WHERE ${condition}))`;
}

/**
 * Notes, before they are overwritten, the columns that foreign keys refer to where these are not the key: a staged
 * deletion does not carry them.
 */
export function noteFormer(connection: Connection, staging: Staging, tables: readonly SqliteTable[]): void {
  for (const staged of staging.tables) {
    const { table } = staged;
    const referred = tables.some((child) =>
      child.foreignKeys.some(
        (foreignKey) => foreignKey.parent === table.name && !refersToKey(foreignKey, table),
      ),
    );
    if (!referred) continue;
    connection.run(`DROP TABLE IF EXISTS ${formerName(staged)}`);
    const columns = table.columns
      .map((column, at) => `t.${quote(column)} AS ${staged.columns[at] ?? ''}`)
      .join(', ');
    connection.run(
      `CREATE TABLE ${formerName(staged)} AS SELECT s.id AS id, ${columns} FROM ${staged.name} AS s ` +
        `CROSS JOIN ${quote(table.name)} AS t ON ${sameKey(table, 't', keyColumns(table), 's', staged.keys)} WHERE s.write`,
    );
  }
}

function refersToKey(foreignKey: ForeignKey, parent: SqliteTable): boolean {
  return (
    foreignKey.parentColumns.length === parent.keyCount &&
    keyColumns(parent).every((column) => foreignKey.parentColumns.includes(column))
  );
}

const idsOf = (connection: Connection, sql: string): number[] =>
  connection.all(sql).map(([id]) => asNumber(id));
