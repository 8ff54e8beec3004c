import type { Connection } from './connection';
import { asText } from './connection';
import { quote } from './names';
import type { SqliteTable } from './table';

/**
 * Takes the triggers of these tables out for the rest of the transaction under way and returns how to put them back,
 * in their order. Others see nothing of it: the transaction holds the write lock, and a rollback restores them too.
 */
export function pauseTriggers(connection: Connection, tables: readonly SqliteTable[]): () => void {
  // The trigger keeps its table's name as its author spelled it.
  const concerned = new Set(tables.map(({ name }) => name.toLowerCase()));
  const triggers = connection
    .all("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid")
    .filter(([, table]) => concerned.has(asText(table).toLowerCase()));
  for (const [name] of triggers) connection.run(`DROP TRIGGER ${quote(asText(name))}`);
  return () => {
    for (const [, , sql] of triggers) connection.run(asText(sql));
  };
}
