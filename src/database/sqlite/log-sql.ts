/** Pieces of SQL about a table's key and its log, which the triggers and the synchronisation's own statements share. */
import type { SqliteTable } from './table';
import { logOf, quote } from './names';

/** Milliseconds since 1970, UTC. */
export const SQL_NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

export const keyNames = (table: SqliteTable): string[] =>
  table.columns.slice(0, table.keyCount).map((_, index) => `k${String(index + 1)}`);

/** Columns of the log that keep a deleted row, beside its key. */
export const beforeNames = (table: SqliteTable): string[] =>
  table.columns.slice(table.keyCount).map((_, index) => `b${String(index + 1)}`);

/** Columns of the log that keep an additive column as it was before and after an update, and that column. */
export const sumNames = (
  table: SqliteTable,
): { readonly column: string; readonly at: number; readonly old: string; readonly new: string }[] =>
  table.additive.map((column) => {
    const at = table.columns.indexOf(column);
    const place = String(at - table.keyCount + 1);
    return { column, at, old: `o${place}`, new: `n${place}` };
  });

/** To be put after a SET: what an update moved is not known any more, and cannot be counted twice. */
export const unknownSums = (table: SqliteTable): string[] =>
  sumNames(table).flatMap((names) => [`${names.old} = NULL`, `${names.new} = NULL`]);

/** `alias.a, alias.b…` */
export const listOf = (alias: string, names: readonly string[]): string =>
  names.map((name) => `${alias}.${quote(name)}`).join(', ');

export const keyColumns = (table: SqliteTable): readonly string[] => table.columns.slice(0, table.keyCount);

/** Declarations of columns that hold keys of the table and compare as its own do. */
export function keyDeclarations(table: SqliteTable, names: readonly string[]): string {
  return names
    .map(
      (name, index) =>
        `${name} ${quoteType(table.types[index])} COLLATE ${table.keyCollations[index] ?? 'BINARY'}`,
    )
    .join(', ');
}

/** A declared type decides how values are converted. ANY converts in plain tables, but not in strict ones: left out. */
const quoteType = (type: string | undefined): string =>
  type === undefined || type === '' || type === 'ANY' ? '' : quote(type);

/** A condition that two rows have the same key. */
export function sameKey(
  table: SqliteTable,
  left: string,
  leftNames: readonly string[],
  right: string,
  rightNames: readonly string[],
): string {
  return table.keyCollations
    .map((collation, index) => {
      const [a, b] = [leftNames[index] ?? '', rightNames[index] ?? ''];
      return `${left}.${quote(a)} = ${right}.${quote(b)} COLLATE ${collation}`;
    })
    .join(' AND ');
}

/** To be followed by values. */
export const insertInto = (table: SqliteTable, more: readonly string[]): string =>
  `INSERT INTO ${quote(logOf(table.name))} (${['op', 'marks', 'changed_at', ...keyNames(table), ...more].join(', ')})`;

/** To be followed by a list of a whole row and where it comes from. */
export const insertDeletion = (table: SqliteTable): string =>
  `${insertInto(table, beforeNames(table))} SELECT 'D', '', ${SQL_NOW},`;
