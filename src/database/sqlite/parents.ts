import type { ForeignKey, StagedChange } from '../port';
import type { Value } from '../../batch/block';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { logOf, quote } from './names';
import { stagedColumn, type Staged, type Staging } from './staging';
import { bound, parameter } from './text-with-nul';
import { beforeNames, keyNames } from './log-sql';

/** Keeps or brings back the parent that a staged row refers to; false where it cannot be. */
export function restoreParent(
  connection: Connection,
  staging: Staging,
  change: StagedChange,
  foreignKey: ForeignKey,
): boolean {
  const parent = staging.open(foreignKey.parent);
  const wanted = foreignKey.columns.map((column) => change.values[change.columns.indexOf(column)] ?? null);
  return (
    isComing(connection, parent, foreignKey, wanted) ||
    keepPresent(connection, parent, foreignKey, wanted) ||
    bringBack(connection, staging, parent, { foreignKey, wanted, changedAt: change.changedAt })
  );
}

/** The batch brings it, or it was brought back for another row already. */
function isComing(
  connection: Connection,
  parent: Staged,
  foreignKey: ForeignKey,
  wanted: readonly Value[],
): boolean {
  const match = matching(foreignKey, wanted, (column) => stagedColumn(parent, column));
  const sql = `SELECT 1 FROM ${parent.name} WHERE write AND op IN ('I', 'U') AND ${match} LIMIT 1`;
  return connection.first(sql, ...wanted.flatMap(bound)) !== null;
}

/** The same batch deletes the parent: it does not. */
function keepPresent(
  connection: Connection,
  parent: Staged,
  foreignKey: ForeignKey,
  wanted: readonly Value[],
): boolean {
  const { table, name, keys } = parent;
  const match = matching(foreignKey, wanted, (column) => `t.${quote(column)}`);
  const same = keys.map((key, at) => `t.${quote(table.columns[at] ?? '')} = s.${key}`).join(' AND ');
  const row = connection.first(
    `SELECT s.id FROM ${quote(table.name)} AS t JOIN ${name} AS s ON ${same} WHERE s.op = 'D' AND ${match} LIMIT 1`,
    ...wanted.flatMap(bound),
  );
  if (row === null) return false;
  connection.run(`UPDATE ${name} SET write = 0, everyone = 1 WHERE id = ?`, asNumber(row[0]));
  return true;
}

/** It was deleted here: its last row is in the log. */
function bringBack(
  connection: Connection,
  staging: Staging,
  parent: Staged,
  sought: { readonly foreignKey: ForeignKey; readonly wanted: readonly Value[]; readonly changedAt: number },
): boolean {
  const { table } = parent;
  const names = [...keyNames(table), ...beforeNames(table)];
  const match = matching(
    sought.foreignKey,
    sought.wanted,
    (column) => names[table.columns.indexOf(column)] ?? 'NULL',
  );
  const row = connection.first(
    `SELECT ${names.join(', ')} FROM ${quote(logOf(table.name))} WHERE op = 'D' AND ${match} ORDER BY seq DESC LIMIT 1`,
    ...sought.wanted.flatMap(bound),
  );
  if (row === null || !isFree(connection, parent, row.slice(0, table.keyCount))) return false;
  staging.putRow(parent, row, sought.changedAt);
  return true;
}

/** Nothing but a question or a deletion that found nothing stands under this key. */
function isFree(connection: Connection, parent: Staged, key: readonly Value[]): boolean {
  const where = (names: readonly string[]): string =>
    names.map((name, at) => `${name} = ${parameter(key[at] ?? null)}`).join(' AND ');
  const values = key.flatMap(bound);
  const { table, name, keys } = parent;
  const there = `SELECT 1 FROM ${quote(table.name)} WHERE ${where(table.columns.slice(0, table.keyCount).map(quote))}`;
  if (connection.first(there, ...values) !== null) return false;
  const staged = connection.first(`SELECT op FROM ${name} WHERE ${where(keys)}`, ...values);
  return staged === null || ['R', 'D'].includes(asText(staged[0]));
}

const matching = (
  foreignKey: ForeignKey,
  wanted: readonly Value[],
  name: (column: string) => string,
): string =>
  foreignKey.parentColumns
    .map((column, at) => `${name(column)} = ${parameter(wanted[at] ?? null)}`)
    .join(' AND ');
