import type { Table } from '../port';
import type { ColumnType } from './column-type';
import { collate, keyExpression } from './column-type';
import { quote } from './names';

/** A table as this implementation needs it: the port's view, and what its SQL is made of. */
export interface MssqlTable extends Table {
  readonly schema: string;
  /** It belongs to who owns our own tables too. */
  readonly sharesOwner: boolean;
  /** `[dbo].[person]`. */
  readonly object: string;
  /** Of each column, in the order of `columns`. */
  readonly types: readonly ColumnType[];
  /** SQL of each column's default, 'NULL' for none. */
  readonly defaults: readonly string[];
  /** Columns that may be null. */
  readonly nullable: ReadonlySet<string>;
  readonly identity: string | null;
  /** The server counts its identity up one by one, as most do. */
  readonly countsByOne: boolean;
  /** Columns of its unique indexes beside the key, where these hold for the whole table. */
  readonly uniques: readonly (readonly string[])[];
  /** Names of its check constraints. */
  readonly checks: readonly string[];
  /** Those of the business application that are switched on. */
  readonly businessTriggers: readonly string[];
  /** Number of its log, null while it is not prepared. */
  readonly log: number | null;
}

export const keyColumns = ({ columns, keyCount }: MssqlTable): readonly string[] =>
  columns.slice(0, keyCount);

export const typeOf = ({ columns, types }: MssqlTable, column: string): ColumnType => {
  const type = types[columns.indexOf(column)];
  if (type === undefined) throw new Error(`no column ${column}`);
  return type;
};

/** The log's and the staging's names of a table's columns. */
export const keyNames = ({ keyCount }: MssqlTable): string[] => numbered('k', keyCount);
export const beforeNames = ({ columns, keyCount }: MssqlTable): string[] =>
  numbered('b', columns.length - keyCount);
/** Columns of the log that keep an additive column as it was before and after an update. */
export const sumNames = (
  table: MssqlTable,
): { readonly column: string; readonly at: number; readonly old: string; readonly new: string }[] =>
  table.additive.map((column) => {
    const at = table.columns.indexOf(column);
    const place = String(at - table.keyCount + 1);
    return { column, at, old: `o${place}`, new: `n${place}` };
  });
/** To be put after a SET: what an update moved is not known any more, and cannot be counted twice. */
export const unknownSums = (table: MssqlTable): string[] =>
  sumNames(table).flatMap((names) => [`${names.old} = NULL`, `${names.new} = NULL`]);
export const stagedNames = ({ columns }: MssqlTable): string[] => numbered('c', columns.length);

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1)}`);

/** `alias.[a], alias.[b]…` */
export const listOf = (alias: string, names: readonly string[]): string =>
  names.map((name) => `${alias}.${quote(name)}`).join(', ');

/** Conditions that two rows have the same key: of the table `t` and its log `l`, and of each with a staged row `s`. */
export const sameInLog = (table: MssqlTable, t = 't', l = 'l'): string =>
  keyColumns(table)
    .map((column, at) => `${t}.${quote(column)} = ${l}.k${String(at + 1)}`)
    .join(' AND ');

export const sameAsStaged = (table: MssqlTable, t = 't', s = 's'): string =>
  keyColumns(table)
    .map((column, at) => `${t}.${quote(column)} = ${stagedKey(table, at, s)}`)
    .join(' AND ');

export const logSameAsStaged = (table: MssqlTable, l = 'l', s = 's'): string =>
  keyColumns(table)
    .map((_, at) => `${l}.k${String(at + 1)} = ${stagedKey(table, at, s)}`)
    .join(' AND ');

/** A staged key column as the table's own type. */
export function stagedKey(table: MssqlTable, at: number, s = 's'): string {
  const type = table.types[at];
  const column = `${s}.c${String(at + 1)}`;
  return type === undefined ? column : keyExpression(type, column);
}

/** The staged value of any column, as a value of its own type to compare with. */
export function stagedValue(table: MssqlTable, column: string, s = 's'): string {
  return stagedKey(table, table.columns.indexOf(column), s);
}

/** Declarations of columns that hold keys of the table and compare as its own do. */
export const keyDeclarations = (table: MssqlTable): string =>
  keyNames(table)
    .map((name, at) => `${name} ${declarationOf(table, at)} NOT NULL`)
    .join(', ');

export const declarationOf = ({ types }: MssqlTable, at: number): string => {
  const type = types[at];
  return type === undefined ? 'sql_variant' : `${type.declaration}${collate(type)}`;
};
