import { logMarks } from '../log-marks';
import type { Unseen } from '../port';
import { asNumber, type Connection } from './connection';
import { findBroken, type Found } from './foreign-keys';
import { holdCounter } from './key-ranges';
import type { Overtaken } from './overtaken';
import { refusal } from './refusal';
import { findRefused } from './refused';
import type { Staging } from './staging';
import { sameAsStaged, type MssqlTable } from './table';
import { logWritten, withdrawAsked, writeStatements, type Statement } from './write';
import { parentsFirst } from './write-order';

/**
 * Writes the staged changes set by set, inside the transaction under way. What can be told of faults is looked for first;
 * where the server refuses a statement all the same, its rows are halved until those at fault stand alone, and all is
 * undone. Where anything is found, the database is left as it was. Rejects with `database.busy` where the application
 * changed one of the rows meanwhile, and with `TransactionEnded` where a row ended the transaction.
 */
export async function apply(
  connection: Connection,
  staging: Staging,
  tables: readonly MssqlTable[],
  unseen: Unseen,
  overtaken: Overtaken,
): Promise<Found[]> {
  const refused = await findRefused(connection, staging);
  if (refused.length > 0) return refused;
  const broken = await findBroken(connection, staging, tables);
  if (broken.length > 0) return broken;
  for (const { table, name } of staging.tables)
    await holdCounter(connection, table, highestComing(table, name));
  // A refused statement must not end the transaction, which holds what was settled already.
  await connection.run('SET XACT_ABORT OFF; SAVE TRANSACTION before_writing');
  try {
    const found = await write(connection, staging, tables, unseen);
    await overtaken.refuse();
    if (found.length > 0) await connection.run('ROLLBACK TRANSACTION before_writing');
    return found;
  } finally {
    if (!connection.lost) await connection.run('SET XACT_ABORT ON');
  }
}

/** SQL of the highest identity that a new row brings. */
const highestComing = (table: MssqlTable, name: string): string =>
  `SELECT MAX(s.c${String(table.columns.indexOf(table.identity ?? '') + 1)}) FROM ${name} AS s WHERE s.writes = 1 ` +
  `AND s.op IN ('I', 'U') AND NOT EXISTS (SELECT 1 FROM ${table.object} AS t WHERE ${sameAsStaged(table)})`;

async function write(
  connection: Connection,
  staging: Staging,
  tables: readonly MssqlTable[],
  unseen: Unseen,
): Promise<Found[]> {
  for (const staged of staging.tables) {
    if (unseen.at === 'site') await withdrawAsked(connection, staged);
    else await logWritten(connection, staged, logMarks(unseen));
  }
  for (const statement of writeStatements(parentsFirst(staging.tables), tables)) {
    const found = await attempt(connection, statement);
    if (found.length > 0) return found;
  }
  return [];
}

async function attempt(connection: Connection, statement: Statement): Promise<Found[]> {
  const whole = await refusal(connection, statement);
  if (whole === null) return [];
  const { staged } = statement;
  const row = await connection.first(`SELECT MIN(id), MAX(id) FROM ${staged.name}`);
  const found = await isolate(connection, statement, asNumber(row?.[0]), asNumber(row?.[1]));
  // Values that pass from row to row clash where the rows are written apart: no fault while there are others.
  const own = found.filter(({ reason }) => reason !== 'unique' && reason !== 'foreignKey');
  if (found.length > 0) return own.length > 0 ? own : found;
  // Each half is accepted and the whole is not: any of them may be put aside.
  return [{ kind: 'refused', reason: whole, staged, id: asNumber(row?.[1]) }];
}

type Refused = Extract<Found, { kind: 'refused' }>;

/** Rows from `low` to `high` that are refused, each on its own. */
async function isolate(
  connection: Connection,
  statement: Statement,
  low: number,
  high: number,
): Promise<Refused[]> {
  const some = ` AND s.id BETWEEN ${String(low)} AND ${String(high)}`;
  const reason = await refusal(connection, statement, some);
  if (reason === null) return [];
  if (low === high) return [{ kind: 'refused', reason, staged: statement.staged, id: low }];
  const middle = Math.floor((low + high) / 2);
  const left = await isolate(connection, statement, low, middle);
  return [...left, ...(await isolate(connection, statement, middle + 1, high))];
}
