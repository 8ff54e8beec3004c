import { z } from 'zod';
import { packValues, unpackValues } from '../json';
import type { Question } from '../port';
import { keyExpression } from './column-type';
import { asNumber, asText, type Connection } from './connection';
import { literal, logOf, QUESTIONS } from './names';
import type { Staged } from './staged-row';
import { keyColumns, keyNames, logSameAsStaged, type MssqlTable } from './table';
import { parameterOf, toWire } from './values';

/** Puts a question into the table's log, or aside until the table is prepared. */
export async function writeQuestion(
  connection: Connection,
  table: MssqlTable | undefined,
  question: Question,
): Promise<void> {
  if (table !== undefined && canAsk(table, question)) {
    await logQuestion(connection, table, question);
    return;
  }
  await connection.all(
    `INSERT INTO ${QUESTIONS} (name, key_columns, [key], base) VALUES (@p1, @p2, @p3, ${String(question.base)})`,
    question.table,
    JSON.stringify(question.keyColumns),
    packValues(question.key),
  );
}

/** Moves the questions that waited for this table into its log. */
export async function forwardQuestions(connection: Connection, table: MssqlTable): Promise<void> {
  const waiting = await connection.all(
    `SELECT id, key_columns, [key], base FROM ${QUESTIONS} WHERE name = ${literal(table.name)} ORDER BY id`,
  );
  for (const [id, keyNamesText, key, base] of waiting) {
    const question: Question = {
      table: table.name,
      keyColumns: z.array(z.string()).parse(JSON.parse(asText(keyNamesText))),
      key: unpackValues(asText(key)),
      base: asNumber(base),
      until: null,
    };
    if (!canAsk(table, question)) continue;
    await logQuestion(connection, table, question);
    await connection.run(`DELETE FROM ${QUESTIONS} WHERE id = ${asText(id)}`);
  }
}

async function logQuestion(
  connection: Connection,
  table: MssqlTable,
  { key, base, until }: Question,
): Promise<void> {
  const values = keyNames(table).map((_, at) => {
    const type = table.types[at];
    return type === undefined ? 'NULL' : keyExpression(type, `@p${String(at + 1)}`);
  });
  await connection.all(
    `INSERT INTO ${logOf(logNumber(table))} (op, marks, changed_at, base, until_batch, ${keyNames(table).join(', ')}) ` +
      `VALUES ('R', '', 0, ${String(base)}, ${until === null ? 'NULL' : String(until)}, ${values.join(', ')})`,
    ...table.types.slice(0, table.keyCount).map((type, at) => parameterOf(type, key[at] ?? null)),
  );
}

/** Takes back the questions that the hub answered by including a batch and saying nothing more of the row. */
export async function withdrawQuestions(
  connection: Connection,
  table: MssqlTable,
  staged: Staged | undefined,
  included: number,
): Promise<void> {
  const spoken =
    staged === undefined
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${staged.name} AS s WHERE ${logSameAsStaged(table)})`;
  await connection.run(
    `DELETE l FROM ${logOf(logNumber(table))} AS l ` +
      `WHERE l.sent_in IS NULL AND l.op = 'R' AND l.until_batch <= ${String(included)}${spoken}`,
  );
}

/** Of a table that is prepared. */
export function logNumber({ name, log }: MssqlTable): number {
  if (log === null) throw new Error(`${name} is not prepared`);
  return log;
}

/** A key from elsewhere that this table cannot have is that of no row here. */
const canAsk = (table: MssqlTable, { keyColumns: names, key }: Question): boolean =>
  JSON.stringify(keyColumns(table)) === JSON.stringify(names) &&
  key.every((value, at) => {
    const type = table.types[at];
    return type !== undefined && value !== null && toWire(type, value) !== undefined;
  });
