import type { Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import type { ForeignKey, JournalEntry, Restoration } from '../port';
import { reasonOf } from './apply';
import type { Connection } from './connection';
import { findConflict, writeRestoration } from './journal';
import { quote } from './names';
import type { SqliteTable } from './table';
import { keyColumns } from './log-sql';

/**
 * Writes one side of a conflict back with the statement that an application would use, so that our triggers note it
 * and the business triggers fire. Foreign keys are looked at for this row alone: nothing cascades from here.
 */
export function restore(
  connection: Connection,
  tables: readonly SqliteTable[],
  id: number,
  restoration: Restoration,
): void {
  connection.transaction(() => {
    const entry = findConflict(connection, id);
    if (entry === null) throw new SyncError('conflict.missing', { params: { id } });
    const table = tables.find(({ name }) => name === entry.table);
    if (table === undefined || !fits(entry, table)) throw failure('tableChanged', entry);
    const row = restoration.which === 'winner' ? entry.winningRow : entry.losingRow;
    const referredBefore = referred(connection, tables, table, entry);
    try {
      write(connection, table, entry, row);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === null) throw error;
      throw new SyncError('conflict.refused', { params: { table: table.name, reason }, cause: error });
    }
    const orphaned = referredBefore.some((reference) => isOrphaned(connection, table, reference));
    if (orphaned || lacksParent(connection, table, entry)) throw failure('foreignKey', entry);
    writeRestoration(connection, id, restoration);
  });
}

const failure = (reason: 'tableChanged' | 'foreignKey', { table }: JournalEntry): SyncError =>
  new SyncError(`conflict.${reason}`, { params: { table } });

/** Whether the row can be written whole: same key, and no column of it is gone. */
function fits({ columns, keyCount }: JournalEntry, table: SqliteTable): boolean {
  const sameKey =
    keyCount === table.keyCount && keyColumns(table).every((column, at) => column === columns[at]);
  return sameKey && columns.every((column) => table.columns.includes(column));
}

/** A column that the table got since keeps what stands in it. */
function write(
  connection: Connection,
  table: SqliteTable,
  { columns, key, added = [] }: JournalEntry,
  row: readonly Value[] | null,
): void {
  const name = quote(table.name);
  const where = ofKey(table);
  if (row === null) {
    connection.run(`DELETE FROM ${name} WHERE ${where}`, ...key);
    return;
  }
  const there = connection.first(`SELECT 1 FROM ${name} WHERE ${where}`, ...key) !== null;
  if (there) {
    // What was counted there is no part of the conflict, and others have added to it since.
    const put = columns.filter((column) => !added.includes(column));
    const values = row.filter((_, at) => put.includes(columns[at] ?? ''));
    const set = put.map((column) => `${quote(column)} = ?`).join(', ');
    connection.run(`UPDATE ${name} SET ${set} WHERE ${where}`, ...values, ...key);
    return;
  }
  const names = columns.map(quote).join(', ');
  connection.run(`INSERT INTO ${name} (${names}) VALUES (${columns.map(() => '?').join(', ')})`, ...row);
}

const ofKey = (table: SqliteTable): string =>
  keyColumns(table)
    .map((column, at) => `${quote(column)} = ? COLLATE ${table.keyCollations[at] ?? 'BINARY'}`)
    .join(' AND ');

/** What rows of another table refer to the row by, as it was before. */
interface Reference {
  readonly child: SqliteTable;
  readonly foreignKey: ForeignKey;
  readonly values: readonly Value[];
}

function referred(
  connection: Connection,
  tables: readonly SqliteTable[],
  table: SqliteTable,
  { key }: JournalEntry,
): Reference[] {
  const references: Reference[] = [];
  for (const child of tables) {
    for (const foreignKey of child.foreignKeys.filter(({ parent }) => parent === table.name)) {
      const columns = foreignKey.parentColumns.map(quote).join(', ');
      const values = connection.first(
        `SELECT ${columns} FROM ${quote(table.name)} WHERE ${ofKey(table)}`,
        ...key,
      );
      if (values !== null && !values.includes(null)) references.push({ child, foreignKey, values });
    }
  }
  return references;
}

/** Whether rows still refer to what is not there any more. */
function isOrphaned(connection: Connection, table: SqliteTable, reference: Reference): boolean {
  const { child, foreignKey, values } = reference;
  const refers = foreignKey.columns.map((column) => `c.${quote(column)} = ?`).join(' AND ');
  const match = foreignKey.parentColumns
    .map((column, at) => `p.${quote(column)} = c.${quote(foreignKey.columns[at] ?? '')}`)
    .join(' AND ');
  const orphan = connection.first(
    `SELECT 1 FROM ${quote(child.name)} AS c WHERE ${refers} ` +
      `AND NOT EXISTS (SELECT 1 FROM ${quote(table.name)} AS p WHERE ${match}) LIMIT 1`,
    ...values,
  );
  return orphan !== null;
}

/** Whether the row, as it is now, refers to a row that is not there. */
function lacksParent(connection: Connection, table: SqliteTable, { key }: JournalEntry): boolean {
  return table.foreignKeys.some((foreignKey) => {
    const given = foreignKey.columns.map((column) => `c.${quote(column)} IS NOT NULL`).join(' AND ');
    const match = foreignKey.parentColumns
      .map((column, at) => `p.${quote(column)} = c.${quote(foreignKey.columns[at] ?? '')}`)
      .join(' AND ');
    const own = keyColumns(table)
      .map((column, at) => `c.${quote(column)} = ? COLLATE ${table.keyCollations[at] ?? 'BINARY'}`)
      .join(' AND ');
    const lacking = connection.first(
      `SELECT 1 FROM ${quote(table.name)} AS c WHERE ${own} AND ${given} ` +
        `AND NOT EXISTS (SELECT 1 FROM ${quote(foreignKey.parent)} AS p WHERE ${match})`,
      ...key,
    );
    return lacking !== null;
  });
}
