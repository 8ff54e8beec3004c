import type { Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import type { JournalEntry, Restoration } from '../port';
import { keyExpression, spoils, writeExpression } from './column-type';
import type { Connection } from './connection';
import { refusalOf } from './errors';
import { findConflict, writeRestoration } from './journal';
import { holdCounter, keepInRange } from './key-ranges';
import { quote } from './names';
import { keyColumns, typeOf, type MssqlTable } from './table';
import { parameterOf, toWire } from './values';
import { ownIdentity } from './write';

/**
 * Writes one side of a conflict back with the statement that an application would use, so that our trigger notes it and
 * the business triggers fire. Rows that refer to one that would go are looked for first: nothing cascades from here.
 */
export async function restore(
  connection: Connection,
  tables: readonly MssqlTable[],
  id: number,
  restoration: Restoration,
): Promise<void> {
  await connection.transaction(async () => {
    const entry = await findConflict(connection, id);
    if (entry === null) throw new SyncError('conflict.missing', { params: { id } });
    const table = tables.find(({ name }) => name === entry.table);
    const row = restoration.which === 'winner' ? entry.winningRow : entry.losingRow;
    if (table === undefined || !fits(entry, row, table)) throw failure('tableChanged', entry);
    if (row === null && (await isReferredTo(connection, tables, table, entry)))
      throw failure('foreignKey', entry);
    try {
      await write(connection, table, entry, row);
    } catch (error) {
      const reason = refusalOf(error, table.checks);
      if (reason === null) throw error;
      if (reason === 'foreignKey') throw failure('foreignKey', entry);
      throw new SyncError('conflict.refused', { params: { table: table.name, reason }, cause: error });
    }
    await keepInRange(connection, [table]);
    await writeRestoration(connection, id, restoration);
  });
}

const failure = (reason: 'tableChanged' | 'foreignKey', { table }: JournalEntry): SyncError =>
  new SyncError(`conflict.${reason}`, { params: { table } });

/** Whether the row can be written whole: same key, no column of it is gone, and each can hold its value. */
function fits(
  { columns, keyCount, key }: JournalEntry,
  row: readonly Value[] | null,
  table: MssqlTable,
): boolean {
  const sameKey =
    keyCount === table.keyCount && keyColumns(table).every((column, at) => column === columns[at]);
  if (!sameKey || !columns.every((column) => table.columns.includes(column))) return false;
  return [key, row ?? []].every((values) =>
    values.every((value, at) => toWire(typeOf(table, columns[at] ?? ''), value) !== undefined),
  );
}

/** A column that the table got since keeps what stands in it. */
async function write(
  connection: Connection,
  table: MssqlTable,
  { columns, key, added = [] }: JournalEntry,
  row: readonly Value[] | null,
): Promise<void> {
  const keyValues = keyParameters(table, key);
  const where = ofKey(table, '');
  if (row === null) {
    await connection.all(`DELETE FROM ${table.object} WHERE ${where}`, ...keyValues);
    return;
  }
  const values = columns.map((column, at) => parameterOf(typeOf(table, column), row[at] ?? null));
  const given = columns.map((column, at) =>
    writeExpression(typeOf(table, column), `@p${String(table.keyCount + at + 1)}`),
  );
  const spoilt = columns.flatMap(
    (column, at) => spoils(typeOf(table, column), `@p${String(table.keyCount + at + 1)}`) ?? [],
  );
  if (
    spoilt.length > 0 &&
    (await connection.first(`SELECT 1 WHERE ${spoilt.join(' OR ')}`, ...keyValues, ...values)) !== null
  )
    throw new SyncError('conflict.refused', { params: { table: table.name, reason: 'value' } });
  const there = await connection.first(`SELECT 1 FROM ${table.object} WHERE ${where}`, ...keyValues);
  if (there !== null) {
    // What was counted there is no part of the conflict, and others have added to it since.
    const set = columns.flatMap((column, at) =>
      column === table.identity || added.includes(column)
        ? []
        : [`${quote(column)} = ${given[at] ?? 'NULL'}`],
    );
    if (set.length > 0)
      await connection.all(
        `UPDATE ${table.object} SET ${set.join(', ')} WHERE ${where}`,
        ...keyValues,
        ...values,
      );
    return;
  }
  await holdCounter(connection, table, String(row[columns.indexOf(table.identity ?? '')] ?? null));
  const insert = `INSERT INTO ${table.object} (${columns.map(quote).join(', ')}) VALUES (${given.join(', ')})`;
  const whole =
    table.identity === null ? insert : `${ownIdentity(table, 'ON')}; ${insert}; ${ownIdentity(table, 'OFF')}`;
  await connection.all(whole, ...keyValues, ...values);
}

const keyParameters = (table: MssqlTable, key: readonly Value[]): Value[] =>
  table.types.slice(0, table.keyCount).map((type, at) => parameterOf(type, key[at] ?? null));

/** Condition that a row has the key bound to @p1, @p2…; `row` is its name with a dot, or nothing. */
const ofKey = (table: MssqlTable, row: string): string =>
  keyColumns(table)
    .map(
      (column, at) =>
        `${row}${quote(column)} = ${keyExpression(typeOf(table, column), `@p${String(at + 1)}`)}`,
    )
    .join(' AND ');

async function isReferredTo(
  connection: Connection,
  tables: readonly MssqlTable[],
  table: MssqlTable,
  { key }: JournalEntry,
): Promise<boolean> {
  const values = keyParameters(table, key);
  const own = ofKey(table, 'p.');
  for (const child of tables) {
    for (const foreignKey of child.foreignKeys.filter(({ parent }) => parent === table.name)) {
      const match = foreignKey.columns
        .map((column, at) => `c.${quote(column)} = p.${quote(foreignKey.parentColumns[at] ?? '')}`)
        .join(' AND ');
      const found = await connection.first(
        `SELECT TOP (1) 1 FROM ${table.object} AS p JOIN ${child.object} AS c ON ${match} WHERE ${own}`,
        ...values,
      );
      if (found !== null) return true;
    }
  }
  return false;
}
