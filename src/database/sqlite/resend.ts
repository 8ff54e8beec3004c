import type { Connection } from './connection';
import { asNumber } from './connection';
import { logOf, quote } from './names';
import type { SqliteTable } from './table';

/** Makes sent changes pending again, as by someone who has seen nothing of what others did. */
export function resend(connection: Connection, tables: readonly SqliteTable[], since: number): number {
  return connection.transaction(() =>
    tables.reduce((sum, { name }) => {
      connection.run(
        `UPDATE ${quote(logOf(name))} SET sent_in = NULL, base = 0 ` +
          `WHERE sent_in IS NOT NULL AND changed_at >= ? AND op <> 'R'`,
        since,
      );
      return sum + asNumber(connection.first('SELECT changes()')?.[0]);
    }, 0),
  );
}
