import type { Value } from '../../batch/block';
import type { ForeignKey, StagedChange } from '../port';
import { isOutOfRow, keyExpression, readExpression } from './column-type';
import { asNumber, asText, type Connection } from './connection';
import { logOf, quote } from './names';
import { logNumber } from './questions';
import type { Staged } from './staged-row';
import type { Staging } from './staging';
import {
  beforeNames,
  keyColumns,
  keyNames,
  sameAsStaged,
  stagedKey,
  stagedValue,
  typeOf,
  type MssqlTable,
} from './table';
import { fromWire, parameterOf } from './values';

/** What a row refers to: the values, as parameters, and SQL that compares a column with each. */
interface Sought {
  readonly foreignKey: ForeignKey;
  readonly values: readonly Value[];
  readonly changedAt: number;
}

/** Keeps or brings back the parent that a staged row refers to; false where it cannot be. */
export async function restoreParent(
  connection: Connection,
  staging: Staging,
  change: StagedChange,
  foreignKey: ForeignKey,
): Promise<boolean> {
  const parent = await staging.open(foreignKey.parent);
  const values = foreignKey.columns.map((column, at) =>
    parameterOf(
      typeOf(parent.table, foreignKey.parentColumns[at] ?? ''),
      change.values[change.columns.indexOf(column)] ?? null,
    ),
  );
  const sought = { foreignKey, values, changedAt: change.changedAt };
  return (
    (await isComing(connection, parent, sought)) ||
    (await keepPresent(connection, parent, sought)) ||
    (await bringBack(connection, staging, parent, sought))
  );
}

/** The batch brings it, or it was brought back for another row already. */
async function isComing(connection: Connection, { name, table }: Staged, sought: Sought): Promise<boolean> {
  const match = matching(table, sought, (column) => stagedValue(table, column));
  const sql = `SELECT TOP (1) 1 FROM ${name} AS s WHERE s.writes = 1 AND s.op IN ('I', 'U') AND ${match}`;
  return (await connection.first(sql, ...sought.values)) !== null;
}

/** The same batch deletes the parent: it does not. */
async function keepPresent(
  connection: Connection,
  { name, table }: Staged,
  sought: Sought,
): Promise<boolean> {
  const match = matching(table, sought, (column) => `t.${quote(column)}`);
  const row = await connection.first(
    `SELECT TOP (1) s.id FROM ${table.object} AS t JOIN ${name} AS s ON ${sameAsStaged(table)} WHERE s.op = 'D' AND ${match}`,
    ...sought.values,
  );
  if (row === null) return false;
  await connection.run(`UPDATE ${name} SET writes = 0, everyone = 1 WHERE id = ${String(asNumber(row[0]))}`);
  return true;
}

/** It was deleted here: its last row is in the log, whole unless the server hides a part of it from triggers. */
async function bringBack(
  connection: Connection,
  staging: Staging,
  parent: Staged,
  sought: Sought,
): Promise<boolean> {
  const { table } = parent;
  if (table.types.some(isOutOfRow)) return false;
  const names = [...keyNames(table), ...beforeNames(table)];
  const match = matching(table, sought, (column) => `l.${names[table.columns.indexOf(column)] ?? ''}`);
  const columns = names.map((name, at) => {
    const type = table.types[at];
    return type === undefined ? 'NULL' : readExpression(type, `l.${name}`);
  });
  const row = await connection.first(
    `SELECT TOP (1) ${columns.join(', ')} FROM ${logOf(logNumber(table))} AS l ` +
      `WHERE l.op = 'D' AND ${match} ORDER BY l.seq DESC`,
    ...sought.values,
  );
  if (row === null) return false;
  const values = table.types.map((type, at) => fromWire(type, row[at]));
  if (!(await isFree(connection, parent, values))) return false;
  await staging.putRow(parent, values, sought.changedAt);
  return true;
}

/** Nothing but a question or a deletion that found nothing stands under this key. */
async function isFree(
  connection: Connection,
  { name, table }: Staged,
  row: readonly Value[],
): Promise<boolean> {
  const types = table.types.slice(0, table.keyCount);
  const values = types.map((type, at) => parameterOf(type, row[at] ?? null));
  const where = (column: (at: number) => string): string =>
    types.map((type, at) => `${column(at)} = ${keyExpression(type, `@p${String(at + 1)}`)}`).join(' AND ');
  const there = `SELECT 1 FROM ${table.object} AS t WHERE ${where((at) => `t.${quote(keyColumns(table)[at] ?? '')}`)}`;
  if ((await connection.first(there, ...values)) !== null) return false;
  const staged = `SELECT op FROM ${name} AS s WHERE ${where((at) => stagedKey(table, at))}`;
  const found = await connection.first(staged, ...values);
  return found === null || ['R', 'D'].includes(asText(found[0]));
}

const matching = (table: MssqlTable, { foreignKey }: Sought, name: (column: string) => string): string =>
  foreignKey.parentColumns
    .map((column, at) => `${name(column)} = ${keyExpression(typeOf(table, column), `@p${String(at + 1)}`)}`)
    .join(' AND ');
