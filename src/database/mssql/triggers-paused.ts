import type { Connection } from './connection';
import { CONTEXT_KEY, quote } from './names';
import type { MssqlTable } from './table';

/**
 * Takes the business triggers of these tables out for the rest of the transaction under way, and ours by announcing
 * ourselves. Returns how to put them back. Others see nothing of it: a table whose triggers are off is locked, and a
 * rollback brings them back too.
 */
export async function pauseTriggers(
  connection: Connection,
  tables: readonly MssqlTable[],
): Promise<() => Promise<void>> {
  const triggers = tables.flatMap((table) =>
    table.businessTriggers.map((name) => `${quote(table.schema)}.${quote(name)} ON ${table.object}`),
  );
  await announce(connection, '1');
  for (const trigger of triggers) await connection.run(`DISABLE TRIGGER ${trigger}`);
  return async () => {
    for (const trigger of triggers) await connection.run(`ENABLE TRIGGER ${trigger}`);
  };
}

/** The announcement is no part of any transaction: it is taken back whatever became of that. */
export const resumeTracking = (connection: Connection): Promise<void> => announce(connection, 'NULL');

const announce = (connection: Connection, value: string): Promise<void> =>
  connection.run(`EXEC sp_set_session_context N'${CONTEXT_KEY}', ${value}`);
