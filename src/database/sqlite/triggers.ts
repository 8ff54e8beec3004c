/**
 * SQL of one table's log and of the triggers that fill it. Pure text, and plain enough for any SQLite of the last
 * ten years: it is the business application's own SQLite that runs it.
 */
import type { SqliteTable } from './table';
import {
  SQL_NOW,
  keyNames,
  beforeNames,
  sumNames,
  listOf,
  keyColumns,
  keyDeclarations,
  insertInto,
  insertDeletion,
} from './log-sql';
import { literal, logIndexOf, logOf, quote, triggerOf } from './names';
import {
  afterInsert,
  afterUpdate,
  beforeInsert,
  beforeUpdate,
  canReplace,
  doomedStatements,
  spareDeleted,
  whenDoomed,
} from './replaced';

/** Raised when the SQL below changes, so that `prepare` installs it anew. */
export const TRIGGER_VERSION = 4;

export function logStatements(table: SqliteTable): string[] {
  const log = quote(logOf(table.name));
  const columns = [
    'seq INTEGER PRIMARY KEY',
    'op TEXT NOT NULL',
    'marks TEXT NOT NULL',
    'changed_at INTEGER NOT NULL',
    'origin INTEGER NOT NULL DEFAULT 0',
    'sent_in INTEGER',
    'base INTEGER',
    // Site, of a question: the batch that may make it needless.
    'until INTEGER',
    keyDeclarations(table, keyNames(table)),
    ...beforeNames(table),
    ...sumNames(table).flatMap((names) => [names.old, names.new]),
  ];
  return [
    `CREATE TABLE ${log} (${columns.join(', ')})`,
    // What is pending is found by its key too: a batch asks for its own rows, however much waits of other sites.
    `CREATE INDEX ${quote(logIndexOf(table.name))} ON ${log} (${['sent_in', ...keyNames(table)].join(', ')})`,
    ...(canReplace(table) ? doomedStatements(table) : []),
  ];
}

export function triggerStatements(table: SqliteTable): string[] {
  const kinds = [
    'insert',
    'update',
    'rekey',
    'delete',
    'doomInsert',
    'doomUpdate',
    'goneInsert',
    'goneUpdate',
    'spare',
  ] as const;
  return kinds.flatMap((kind) => {
    const body = TRIGGERS[kind](table);
    return body === null ? [] : [`CREATE TRIGGER ${quote(triggerOf(kind, table.name))} ${body}`];
  });
}

const TRIGGERS = {
  insert: (table: SqliteTable) =>
    `AFTER INSERT ON ${quote(table.name)} WHEN ${hasKey(table, 'NEW')} BEGIN ${logInsert(table)}; END`,

  update: (table: SqliteTable) => {
    const { columns, keyCount } = table;
    if (columns.length === keyCount && !hasLooseKey(table)) return null;
    const changed = columns.map((column, index) => differs(table, index, column));
    const marks = changed.map((test) => `CASE WHEN ${test} THEN '1' ELSE '0' END`);
    const sums = sumNames(table);
    const moved = sums.map(({ column }) => `, OLD.${quote(column)}, NEW.${quote(column)}`).join('');
    return (
      `AFTER UPDATE ON ${quote(table.name)} WHEN ${oldSameAsNew(table)} AND ${hasKey(table, 'NEW')} AND (${balanced('OR', changed)}) BEGIN ` +
      `${insertInto(
        table,
        sums.flatMap((names) => [names.old, names.new]),
      )} VALUES ('U', ${balanced('||', marks)}, ${SQL_NOW}, ${listOf('NEW', keyColumns(table))}${moved}); END`
    );
  },

  // A key that changes is a row that goes and a row that comes. A null key is no key: such a row is nowhere.
  rekey: (table: SqliteTable) =>
    `AFTER UPDATE ON ${quote(table.name)} WHEN NOT (${oldSameAsNew(table)}) BEGIN ` +
    `${[logDelete(table), logInsert(table), ...(canReplace(table) ? [spareDeleted(table)] : [])].join('; ')}; END`,

  delete: (table: SqliteTable) =>
    `AFTER DELETE ON ${quote(table.name)} WHEN ${hasKey(table, 'OLD')} BEGIN ${logDelete(table)}; END`,

  doomInsert: (table: SqliteTable) =>
    canReplace(table) ? `BEFORE INSERT ON ${quote(table.name)} BEGIN ${beforeInsert(table)}; END` : null,

  doomUpdate: (table: SqliteTable) =>
    canReplace(table) ? `BEFORE UPDATE ON ${quote(table.name)} BEGIN ${beforeUpdate(table)}; END` : null,

  goneInsert: (table: SqliteTable) =>
    canReplace(table)
      ? `AFTER INSERT ON ${quote(table.name)} ${whenDoomed(table)} BEGIN ${afterInsert(table)}; END`
      : null,

  goneUpdate: (table: SqliteTable) =>
    canReplace(table)
      ? `AFTER UPDATE ON ${quote(table.name)} ${whenDoomed(table)} BEGIN ${afterUpdate(table)}; END`
      : null,

  spare: (table: SqliteTable) =>
    canReplace(table)
      ? `AFTER DELETE ON ${quote(table.name)} ${whenDoomed(table)} BEGIN ${spareDeleted(table)}; END`
      : null,
};

const hasKey = (table: SqliteTable, row: string): string =>
  keyColumns(table)
    .map((column) => `${row}.${quote(column)} IS NOT NULL`)
    .join(' AND ');

const oldSameAsNew = (table: SqliteTable): string =>
  keyColumns(table)
    .map((column, at) => `OLD.${quote(column)} IS NEW.${quote(column)} COLLATE ${collationOf(table, at)}`)
    .join(' AND ');

const collationOf = (table: SqliteTable, at: number): string => table.keyCollations[at] ?? 'BINARY';

/** Keys that are equal and yet not the same: 'a' and 'A' without regard to case, 1 and 1.0 without an affinity. */
export const hasLooseKey = (table: SqliteTable): boolean =>
  keyColumns(table).some((_, at) => collationOf(table, at) !== 'BINARY' || keepsTypes(table.types[at] ?? ''));

/** Whether a column of this declared type keeps 1 and 1.0 apart. */
const keepsTypes = (type: string): boolean =>
  type === '' || type === 'ANY' || (type.includes('BLOB') && !type.includes('INT'));

/** By value and by type: without an affinity a column can hold 1 and then 1.0. */
function differs(table: SqliteTable, index: number, column: string): string {
  const [before, after] = [`OLD.${quote(column)}`, `NEW.${quote(column)}`];
  const byValue = `${before} IS NOT ${after} COLLATE BINARY`;
  return keepsTypes(table.types[index] ?? '')
    ? `(${byValue} OR typeof(${before}) IS NOT typeof(${after}))`
    : `(${byValue})`;
}

const logInsert = (table: SqliteTable): string =>
  `${insertInto(table, [])} SELECT 'I', ${literal('1'.repeat(table.columns.length))}, ${SQL_NOW}, ` +
  `${listOf('NEW', keyColumns(table))} WHERE ${hasKey(table, 'NEW')}`;

const logDelete = (table: SqliteTable): string =>
  `${insertDeletion(table)} ${listOf('OLD', table.columns)} WHERE ${hasKey(table, 'OLD')}`;

/** `a OR b OR c…`, nested so that SQLite takes a thousand of them. */
export function balanced(operator: string, parts: readonly string[]): string {
  if (parts.length <= 2) return parts.join(` ${operator} `);
  const half = Math.ceil(parts.length / 2);
  return `(${balanced(operator, parts.slice(0, half))}) ${operator} (${balanced(operator, parts.slice(half))})`;
}
