/**
 * Rows that INSERT OR REPLACE takes away: SQLite deletes whatever clashes with the new row and fires no delete trigger
 * for it. Before each statement the rows that clash are noted as doomed, with the values they clash by; after it, those
 * of them that are really gone are logged as deleted. A statement that in the end replaces nothing (OR IGNORE, an
 * upsert) leaves rows doomed and no line in the log: a deletion that never was must not be there, since the row can go
 * later by the hub's word. While a row is being replaced, foreign keys and triggers write other rows of the table: each
 * looks only after the rows that clash with itself.
 */
import type { Connection } from './connection';
import { doomedIndexOf, doomedOf, quote } from './names';
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

export function doomedStatements(table: SqliteTable): string[] {
  const doomed = quote(doomedOf(table.name));
  const widest = Math.max(...table.uniques.map((unique) => unique.length));
  const clash = ['clash', ...clashNames(widest)];
  return [
    `CREATE TABLE ${doomed} (${[...clash, keyDeclarations(table, keyNames(table)), ...beforeNames(table)].join(', ')})`,
    `CREATE INDEX ${quote(doomedIndexOf(table.name))} ON ${doomed} (${clash.join(', ')})`,
  ];
}

/** Columns of a doomed row that hold the values of a unique index. */
const clashNames = (terms: number): string[] =>
  Array.from({ length: terms }, (_, index) => `v${String(index + 1)}`);

/** Whether a row of this table can be replaced by one of another key. */
export const canReplace = (table: SqliteTable): boolean => table.uniques.length > 0;

/** What the application left doomed is not what a merge takes away. */
export function forgetDoomed(connection: Connection, tables: readonly SqliteTable[]): void {
  for (const table of tables.filter(canReplace)) connection.run(`DELETE FROM ${quote(doomedOf(table.name))}`);
}

export const beforeInsert = (table: SqliteTable): string => noteDoomed(table, () => '1');

/** A row does not clash with itself; what it is doomed by stays, for the update may be what a foreign key does to it. */
export const beforeUpdate = (table: SqliteTable): string =>
  noteDoomed(table, (alias, names) => isAnother(table, alias, names));

export const afterInsert = (table: SqliteTable): string => logGone(table, () => '1');

/** The row's own former key is logged by the trigger for keys that change. */
export const afterUpdate = (table: SqliteTable): string =>
  logGone(table, (alias, names) => isAnother(table, alias, names));

/** Condition that a row, whose key these columns hold, is the one that a statement is about to replace or may leave. */
type Concerns = (alias: string, keyNames: readonly string[]) => string;

const isAnother = (table: SqliteTable, alias: string, names: readonly string[]): string =>
  `NOT (${sameKey(table, alias, names, 'OLD', keyColumns(table))})`;

/** Nearly always there is none. */
export const whenDoomed = (table: SqliteTable): string =>
  `WHEN EXISTS (SELECT 1 FROM ${quote(doomedOf(table.name))})`;

/** A doomed row that is deleted after all, or gets another key, is logged by the trigger that sees it go. */
export const spareDeleted = (table: SqliteTable): string =>
  `DELETE FROM ${quote(doomedOf(table.name))} WHERE ${sameKey(table, quote(doomedOf(table.name)), keyNames(table), 'OLD', keyColumns(table))}`;

function logGone(table: SqliteTable, concerns: Concerns): string {
  const there = sameKey(table, 't', keyColumns(table), 'd', keyNames(table));
  return (
    `${insertDeletion(table)} * FROM (SELECT DISTINCT ${listOf('d', [...keyNames(table), ...beforeNames(table)])} ` +
    `FROM ${quote(doomedOf(table.name))} AS d WHERE (${clashing(table)}) AND ${concerns('d', keyNames(table))} ` +
    `AND NOT EXISTS (SELECT 1 FROM ${quote(table.name)} AS t WHERE ${there})); ${spare(table, concerns)}`
  );
}

function noteDoomed(table: SqliteTable, concerns: Concerns): string {
  const condition = concerns('victim', keyColumns(table));
  const notes = table.uniques.map((unique, at) => {
    const values = unique.map((term) => newValue(table, term));
    const clash = unique.map((term, index) => `${victimValue(term)} = ${values[index] ?? ''}`);
    const known = keyColumns(table).map((column) => `victim.${quote(column)} IS NOT NULL`);
    const names = ['clash', ...clashNames(unique.length), ...keyNames(table), ...beforeNames(table)];
    return (
      `INSERT INTO ${quote(doomedOf(table.name))} (${names.join(', ')}) ` +
      `SELECT ${[String(at), ...values, listOf('victim', table.columns)].join(', ')} ` +
      `FROM ${quote(table.name)} AS victim WHERE ${[...clash, condition, ...known].join(' AND ')}`
    );
  });
  return [spare(table, concerns), ...notes].join('; ');
}

/** Forgets the rows that were noted as doomed by the values of the new row. */
function spare(table: SqliteTable, concerns: Concerns): string {
  const doomed = quote(doomedOf(table.name));
  return `DELETE FROM ${doomed} WHERE (${clashing(table)}) AND ${concerns(doomed, keyNames(table))}`;
}

/** Condition that a doomed row clashes with the new one: by which unique index, and by which values. */
const clashing = (table: SqliteTable): string =>
  table.uniques
    .map((unique, at) => {
      const names = clashNames(unique.length);
      const values = unique.map((term, index) => `${names[index] ?? ''} = ${newValue(table, term)}`);
      return `(clash = ${[String(at), ...values].join(' AND ')})`;
    })
    .join(' OR ');

const victimValue = (term: UniqueTerm): string =>
  `${'column' in term ? `victim.${quote(term.column)}` : `(${term.expression})`} COLLATE ${term.collation}`;

/** An expression speaks of columns without saying whose: it is given a row made of the new one's. */
function newValue(table: SqliteTable, term: UniqueTerm): string {
  if ('column' in term) return `NEW.${quote(term.column)}`;
  const row = table.allColumns.map((column) => `NEW.${quote(column)} AS ${quote(column)}`).join(', ');
  return `(SELECT ${term.expression} FROM (SELECT ${row}))`;
}
