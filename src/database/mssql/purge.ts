import { LINES_AT_ONCE, type Expired } from '../expired';
import { asNumber, type Connection } from './connection';
import { hasRefused } from './journal';
import { JOURNAL, LEDGER, logOf, QUESTIONS, REFUSED, RESTORED } from './names';
import { logNumber } from './questions';
import { readState, writeState } from './state';
import type { MssqlTable } from './table';

/** Each part by itself: one that is cut short is done by the next. */
export async function purge(
  connection: Connection,
  tables: readonly MssqlTable[],
  { upTo, except, conflictsBefore }: Expired,
): Promise<void> {
  const { purged } = await readState(connection);
  if (upTo > purged) await writeState(connection, { purged: upTo });
  for (const table of tables) {
    if (!except.includes(table.name)) await purgeLog(connection, logOf(logNumber(table)), upTo);
  }
  await connection.run(
    `DELETE g FROM ${LEDGER} AS g WHERE g.round <= ${String(upTo)} ` +
      `AND g.batch < (SELECT MAX(l.batch) FROM ${LEDGER} AS l WHERE l.site = g.site)`,
  );
  // Whoever asks twice for a row asks since the first time.
  await connection.run(
    `DELETE FROM ${QUESTIONS} WHERE id NOT IN ` +
      `(SELECT MIN(id) FROM ${QUESTIONS} GROUP BY ${['name', 'key_columns', '[key]'].map(exactly).join(', ')})`,
  );
  const noted = [RESTORED, ...((await hasRefused(connection)) ? [REFUSED] : [])];
  const settled = noted.map((name) => `OR id IN (SELECT conflict_id FROM ${name})`).join(' ');
  await connection.run(
    `DELETE FROM ${JOURNAL} WHERE at < ${String(conflictsBefore)} AND (kind <> 'refused' ${settled})`,
  );
  for (const name of noted)
    await connection.run(`DELETE FROM ${name} WHERE conflict_id NOT IN (SELECT id FROM ${JOURNAL})`);
}

/** The database's own collation may take two keys for one: `a` for `A`. */
const exactly = (column: string): string => `${column} COLLATE Latin1_General_BIN2`;

/** In portions so small that the server locks rows, never the whole log: the triggers go on writing into it. */
async function purgeLog(connection: Connection, log: string, upTo: number): Promise<void> {
  for (let removed = LINES_AT_ONCE; removed === LINES_AT_ONCE;) {
    const row = await connection.first(
      `DELETE TOP (${String(LINES_AT_ONCE)}) FROM ${log} WHERE sent_in <= ${String(upTo)}; SELECT @@ROWCOUNT`,
    );
    removed = asNumber(row?.[0]);
  }
}
