/** Rows that end the transaction which writes them, as a conversion does that fails in a check of the table. */
import { withParents } from '../with-parents';
import { asNumber, type Connection } from './connection';
import { refusal, TransactionEnded } from './refusal';
import type { Staging } from './staging';
import type { MssqlTable } from './table';
import { pauseTriggers } from './triggers-paused';
import { writeStatements, type Statement } from './write';
import { parentsFirst } from './write-order';

/**
 * Outside any transaction: looks for the rows that end one, and notes them with what is staged. Each half of the rows is
 * tried in a transaction of its own, which leaves nothing behind. False where there are none that were not noted before.
 */
export async function noteEnding(
  connection: Connection,
  staging: Staging,
  tables: readonly MssqlTable[],
): Promise<boolean> {
  const statements = writeStatements(parentsFirst(staging.tables), tables);
  let reached = 0;
  /** Whether the first statements, of which the last for some rows, end the transaction. */
  const tried = (count: number, some: string): Promise<Outcome> =>
    inVain(connection, async () => {
      await pauseTriggers(connection, withParents(staging.tables, tables));
      let last: string | null = null;
      for (const [at, statement] of statements.slice(0, count).entries()) {
        reached = at;
        last = await refusal(connection, statement, at === count - 1 ? some : '');
      }
      return last === null ? 'taken' : 'refused';
    });
  const whole = await tried(statements.length, '');
  const count = reached + 1;
  const ending = statements[reached];
  if (typeof whole === 'string' || ending === undefined) return false;
  return noteRows(connection, ending, (some) => tried(count, some));
}

/** A row that is only refused does not hide one that ends the transaction from who looks on behind it. */
type Outcome = 'taken' | 'refused' | { readonly endedBy: string };

async function noteRows(
  connection: Connection,
  { staged }: Statement,
  tried: (some: string) => Promise<Outcome>,
): Promise<boolean> {
  const before = staged.ending.size;
  const look = async (low: number, high: number): Promise<void> => {
    const outcome = await tried(` AND s.id BETWEEN ${String(low)} AND ${String(high)}`);
    if (outcome === 'taken') return;
    if (low === high) {
      if (outcome !== 'refused') staged.ending.set(low, outcome.endedBy);
      return;
    }
    const middle = Math.floor((low + high) / 2);
    await look(low, middle);
    await look(middle + 1, high);
  };
  const row = await connection.first(`SELECT MIN(id), MAX(id) FROM ${staged.name}`);
  await look(asNumber(row?.[0]), asNumber(row?.[1]));
  return staged.ending.size > before;
}

async function inVain(connection: Connection, work: () => Promise<'taken' | 'refused'>): Promise<Outcome> {
  await connection.run('SET XACT_ABORT OFF; BEGIN TRANSACTION');
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TransactionEnded)) throw error;
    return { endedBy: error.reason };
  } finally {
    await connection.rollback();
    if (!connection.lost) await connection.run('SET XACT_ABORT ON');
  }
}
