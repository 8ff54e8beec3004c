import { asNumber, type Connection } from './connection';
import { logOf } from './names';
import { logNumber } from './questions';
import { unknownSums, type MssqlTable } from './table';

/** Makes sent changes pending again, as by someone who has seen nothing of what others did. */
export function resend(
  connection: Connection,
  tables: readonly MssqlTable[],
  since: number,
): Promise<number> {
  return connection.givingWay(async () => {
    let count = 0;
    for (const table of tables) {
      const set = ['sent_in = NULL', 'base = 0', ...unknownSums(table)];
      const row = await connection.first(
        `UPDATE ${logOf(logNumber(table))} SET ${set.join(', ')} ` +
          `WHERE sent_in IS NOT NULL AND changed_at >= ${String(since)} AND op <> 'R'; SELECT @@ROWCOUNT`,
      );
      count += asNumber(row?.[0]);
    }
    return count;
  });
}
