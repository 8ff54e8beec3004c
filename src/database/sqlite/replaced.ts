/**
 * Rows that INSERT OR REPLACE takes away: SQLite deletes whatever clashes with the new row and fires no delete trigger
 * for it. Before each statement the rows that clash are noted as doomed, after it those that are really gone are logged
 * as deleted. A statement that in the end replaces nothing (OR IGNORE, an upsert) leaves rows doomed and no line in the
 * log: a deletion that never was must not be there, since the row can go later by the hub's word. The next insertion
 * forgets them.
 */
import type { Connection } from './connection';
import { doomedOf, quote } from './names';
import type { SqliteTable } from './table';
import {
  beforeNames,
  insertDeletion,
  keyColumns,
  keyDeclarations,
  keyNames,
  listOf,
  sameKey,
} from './log-sql';
import type { UniqueTerm } from './unique-indexes';

export const doomedStatement = (table: SqliteTable): string =>
  `CREATE TABLE ${quote(doomedOf(table.name))} (${[keyDeclarations(table, keyNames(table)), ...beforeNames(table)].join(', ')})`;

/** Whether a row of this table can be replaced by one of another key. */
export const canReplace = (table: SqliteTable): boolean => table.uniques.length > 0;

/** What the application left doomed is not what a merge takes away. */
export function forgetDoomed(connection: Connection, tables: readonly SqliteTable[]): void {
  for (const table of tables.filter(canReplace)) connection.run(`DELETE FROM ${quote(doomedOf(table.name))}`);
}

export const beforeInsert = (table: SqliteTable): string =>
  `DELETE FROM ${quote(doomedOf(table.name))}; ${noteDoomed(table, '1')}`;

export const beforeUpdate = (table: SqliteTable): string =>
  noteDoomed(table, `NOT (${sameKey(table, 'victim', keyColumns(table), 'OLD', keyColumns(table))})`);

export const afterInsert = (table: SqliteTable): string =>
  `${logGone(table, '1')}; DELETE FROM ${quote(doomedOf(table.name))}`;

/**
 * The row's own former key is logged by the trigger for keys that change. What is doomed and still there stays so: the
 * update may be what a foreign key does (ON DELETE SET NULL) between two rows that one statement replaces.
 */
export function afterUpdate(table: SqliteTable): string {
  const doomed = quote(doomedOf(table.name));
  return (
    `${logGone(table, `NOT (${sameKey(table, 'd', keyNames(table), 'OLD', keyColumns(table))})`)}; ` +
    `DELETE FROM ${doomed} WHERE ${isGone(table, doomed)}`
  );
}

/** A doomed row that is deleted after all is logged by the trigger that sees it go. */
export const spareDeleted = (table: SqliteTable): string =>
  `DELETE FROM ${quote(doomedOf(table.name))} WHERE ${sameKey(table, quote(doomedOf(table.name)), keyNames(table), 'OLD', keyColumns(table))}`;

function logGone(table: SqliteTable, condition: string): string {
  return (
    `${insertDeletion(table)} ${listOf('d', [...keyNames(table), ...beforeNames(table)])} ` +
    `FROM ${quote(doomedOf(table.name))} AS d WHERE ${condition} AND ${isGone(table, 'd')}`
  );
}

/** `doomed`: how the statement calls the table of doomed rows. */
function isGone(table: SqliteTable, doomed: string): string {
  const there = sameKey(table, 't', keyColumns(table), doomed, keyNames(table));
  return `NOT EXISTS (SELECT 1 FROM ${quote(table.name)} AS t WHERE ${there})`;
}

function noteDoomed(table: SqliteTable, condition: string): string {
  return table.uniques
    .map((unique) => {
      const clash = unique.map((term) => clashOf(table, term));
      const known = keyColumns(table).map((column) => `victim.${quote(column)} IS NOT NULL`);
      return (
        `INSERT INTO ${quote(doomedOf(table.name))} SELECT ${listOf('victim', table.columns)} ` +
        `FROM ${quote(table.name)} AS victim WHERE ${[...clash, condition, ...known].join(' AND ')}`
      );
    })
    .join('; ');
}

/** An expression speaks of columns without saying whose: once of the victim's, once of a row made of the new one's. */
function clashOf(table: SqliteTable, term: UniqueTerm): string {
  if ('column' in term) {
    return `victim.${quote(term.column)} = NEW.${quote(term.column)} COLLATE ${term.collation}`;
  }
  const row = table.allColumns.map((column) => `NEW.${quote(column)} AS ${quote(column)}`).join(', ');
  return `(${term.expression}) COLLATE ${term.collation} = (SELECT ${term.expression} FROM (SELECT ${row}))`;
}
