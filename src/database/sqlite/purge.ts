import { LINES_AT_ONCE, type Expired } from '../expired';
import type { Connection } from './connection';
import { asNumber } from './connection';
import { hasTable } from './journal';
import { JOURNAL, LEDGER, logOf, QUESTIONS, quote, REFUSED, RESTORED } from './names';
import { readState, writeState } from './state';
import type { SqliteTable } from './table';

/** Each part in transactions of its own: one that is cut short is done by the next. */
export function purge(
  connection: Connection,
  tables: readonly SqliteTable[],
  { upTo, except, conflictsBefore }: Expired,
): void {
  const { purged } = readState(connection);
  if (upTo > purged) writeState(connection, { purged: upTo });
  for (const { name } of tables) if (!except.includes(name)) purgeLog(connection, quote(logOf(name)), upTo);
  const [ledger, questions] = [quote(LEDGER), quote(QUESTIONS)];
  connection.run(
    `DELETE FROM ${ledger} WHERE round <= ? ` +
      `AND batch < (SELECT max(batch) FROM ${ledger} AS l WHERE l.site = ${ledger}.site)`,
    upTo,
  );
  // Whoever asks twice for a row asks since the first time.
  connection.run(
    `DELETE FROM ${questions} WHERE id NOT IN (SELECT min(id) FROM ${questions} GROUP BY name, key_columns, key)`,
  );
  purgeConflicts(connection, conflictsBefore);
}

function purgeLog(connection: Connection, log: string, upTo: number): void {
  for (let removed = LINES_AT_ONCE; removed === LINES_AT_ONCE;) {
    connection.run(
      `DELETE FROM ${log} WHERE seq IN (SELECT seq FROM ${log} WHERE sent_in <= ? LIMIT ${String(LINES_AT_ONCE)})`,
      upTo,
    );
    removed = asNumber(connection.first('SELECT changes()')?.[0]);
  }
}

function purgeConflicts(connection: Connection, before: number): void {
  const noted = [RESTORED, REFUSED].filter((name) => hasTable(connection, name));
  connection.transaction(() => {
    const settled = noted.map((name) => ` OR id IN (SELECT conflict FROM ${quote(name)})`).join('');
    connection.run(
      `DELETE FROM ${quote(JOURNAL)} WHERE at < ? AND (json_extract(conflict, '$.kind') <> 'refused'${settled})`,
      before,
    );
    // The number of one that goes is another's one day.
    for (const name of noted)
      connection.run(`DELETE FROM ${quote(name)} WHERE conflict NOT IN (SELECT id FROM ${quote(JOURNAL)})`);
  });
}
