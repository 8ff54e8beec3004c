import type { Question } from '../port';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { packValues, unpackValues } from '../json';
import { logOf, QUESTIONS, quote } from './names';
import type { Staged } from './staging';
import { keyColumns, keyNames, sameKey } from './log-sql';
import { indexKeys } from './unseen';
import { bound, parameter } from './text-with-nul';

/** Puts a question into the table's log, or aside until the table is prepared. */
export function writeQuestion(
  connection: Connection,
  table: SqliteTable | undefined,
  question: Question,
): void {
  if (table !== undefined && sameKeyColumns(table, question.keyColumns)) {
    logQuestion(connection, table, question);
    return;
  }
  connection.run(
    `INSERT INTO ${quote(QUESTIONS)} (name, key_columns, key, base) VALUES (?, ?, ?, ?)`,
    question.table,
    JSON.stringify(question.keyColumns),
    packValues(question.key),
    question.base,
  );
}

/** Moves the questions that waited for this table into its log. */
export function forwardQuestions(connection: Connection, table: SqliteTable): void {
  const waiting = connection.all(
    `SELECT id, key_columns, key, base FROM ${quote(QUESTIONS)} WHERE name = ? ORDER BY id`,
    table.name,
  );
  for (const [id, keyNamesText, key, base] of waiting) {
    const question: Question = {
      table: table.name,
      keyColumns: JSON.parse(asText(keyNamesText)) as string[],
      key: unpackValues(asText(key)),
      base: asNumber(base),
      until: null,
    };
    if (!sameKeyColumns(table, question.keyColumns)) continue;
    logQuestion(connection, table, question);
    connection.run(`DELETE FROM ${quote(QUESTIONS)} WHERE id = ?`, asNumber(id));
  }
}

function logQuestion(connection: Connection, table: SqliteTable, { key, base, until }: Question): void {
  const names = keyNames(table);
  connection.run(
    `INSERT INTO ${quote(logOf(table.name))} (op, marks, changed_at, base, until, ${names.join(', ')}) ` +
      `VALUES ('R', '', 0, ?, ?, ${key.map(parameter).join(', ')})`,
    base,
    until,
    ...key.flatMap(bound),
  );
}

/** Takes back the questions that the hub answered by including a batch and saying nothing more of the row. */
export function withdrawQuestions(
  connection: Connection,
  table: SqliteTable,
  staged: Staged | undefined,
  included: number,
): void {
  const log = quote(logOf(table.name));
  const asked = `sent_in IS NULL AND op = 'R' AND until <= ?`;
  // Nearly always: the keys of all that is staged need then no index.
  if (connection.first(`SELECT 1 FROM ${log} WHERE ${asked} LIMIT 1`, included) === null) return;
  const spoken =
    staged === undefined
      ? '0'
      : `EXISTS (SELECT 1 FROM ${staged.name} AS s WHERE ${sameKey(table, 'l', keyNames(table), 's', staged.keys)})`;
  if (staged !== undefined) indexKeys(connection, staged);
  connection.run(`DELETE FROM ${log} AS l WHERE ${asked} AND NOT ${spoken}`, included);
}

const sameKeyColumns = (table: SqliteTable, names: readonly string[]): boolean =>
  JSON.stringify(keyColumns(table)) === JSON.stringify(names);
