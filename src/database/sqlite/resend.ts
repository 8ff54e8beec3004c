import type { Connection } from './connection';
import { asNumber } from './connection';
import { unknownSums } from './log-sql';
import { logOf, quote } from './names';
import type { SqliteTable } from './table';

/** Makes sent changes pending again, as by someone who has seen nothing of what others did. */
export function resend(connection: Connection, tables: readonly SqliteTable[], since: number): number {
  return connection.transaction(() =>
    tables.reduce((sum, table) => {
      const set = ['sent_in = NULL', 'base = 0', ...unknownSums(table)];
      connection.run(
        `UPDATE ${quote(logOf(table.name))} SET ${set.join(', ')} ` +
          `WHERE sent_in IS NOT NULL AND changed_at >= ? AND op <> 'R'`,
        since,
      );
      return sum + asNumber(connection.first('SELECT changes()')?.[0]);
    }, 0),
  );
}
