import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asText } from './connection';
import { doomedOf, logOf, PREFIX, quote, TABLES, triggerOf } from './names';
import { forwardQuestions } from './questions';
import type { PreparedTable } from './state';
import { preparedTables } from './state';
import { beforeNames, keyNames, SQL_NOW, sumNames } from './log-sql';
import { balanced, logStatements, TRIGGER_VERSION, triggerStatements } from './triggers';

/** Triggers that every prepared table has. */
const ALWAYS = ['insert', 'rekey', 'delete'];

/** Where a log waits while its table is made anew. */
const MOVED = `temp.${quote(`${PREFIX}moved`)}`;

/**
 * Makes the log and the triggers. A log that is there already keeps its changes under the new columns. All databases
 * are alike when the first tables are prepared; what came into being later, untracked, is logged whole.
 */
export function install(connection: Connection, table: SqliteTable, first: boolean): void {
  const log = quote(logOf(table.name));
  const before = preparedTables(connection).find(({ name }) => name === table.name);
  const triggers = dropTriggers(connection, table.name);
  const lost = ALWAYS.some((kind) => !triggers.includes(triggerOf(kind, table.name)));
  if (before !== undefined) {
    // Not renamed: ALTER TABLE refuses as soon as any view or trigger of the application is broken.
    connection.run(`CREATE TABLE ${MOVED} AS SELECT * FROM ${log}`);
    connection.run(`DROP TABLE ${log}`);
    connection.run(`DROP TABLE IF EXISTS ${quote(doomedOf(table.name))}`);
  }
  for (const statement of [...logStatements(table), ...triggerStatements(table)]) connection.run(statement);
  if (before !== undefined && sameKeyColumns(before, table)) {
    moveLog(connection, before, table);
    if (lost) logUntracked(connection, table);
    else logAddedColumns(connection, before, table);
  } else if (!first) {
    logRows(connection, table, { op: 'I', marks: allMarks(table), at: SQL_NOW, condition: '1' });
  }
  if (before !== undefined) connection.run(`DROP TABLE ${MOVED}`);
  forwardQuestions(connection, table);
  connection.run(
    `INSERT OR REPLACE INTO ${quote(TABLES)} (name, columns, key_count, fingerprint, version) VALUES (?, ?, ?, ?, ?)`,
    table.name,
    JSON.stringify(table.columns),
    table.keyCount,
    table.fingerprint,
    TRIGGER_VERSION,
  );
}

/**
 * The application rebuilt the table and our triggers went with the old one: nobody knows what was written since.
 * Every row is sent, with a time so old that it yields to any change made elsewhere meanwhile.
 */
function logUntracked(connection: Connection, table: SqliteTable): void {
  logRows(connection, table, { op: 'U', marks: allMarks(table), at: '0', condition: '1' });
}

/** The old triggers did not see the new columns: whatever stands in them beside their default was written since. */
function logAddedColumns(connection: Connection, before: PreparedTable, table: SqliteTable): void {
  const added = table.columns.map((column) => !before.columns.includes(column));
  const written = table.columns.flatMap((column, at) =>
    added[at] === true ? [`${quote(column)} IS NOT (${table.defaults[at] ?? 'NULL'})`] : [],
  );
  if (written.length === 0) return;
  const marks = added.map((isNew) => (isNew ? '1' : '0')).join('');
  logRows(connection, table, { op: 'U', marks, at: SQL_NOW, condition: balanced('OR', written) });
}

function logRows(
  connection: Connection,
  table: SqliteTable,
  line: { readonly op: 'I' | 'U'; readonly marks: string; readonly at: string; readonly condition: string },
): void {
  const keys = table.columns.slice(0, table.keyCount).map(quote);
  const known = keys.map((key) => `${key} IS NOT NULL`).join(' AND ');
  connection.run(
    `INSERT INTO ${quote(logOf(table.name))} (op, marks, changed_at, ${keyNames(table).join(', ')}) ` +
      `SELECT ?, ?, ${line.at}, ${keys.join(', ')} FROM ${quote(table.name)} WHERE (${line.condition}) AND ${known}`,
    line.op,
    line.marks,
  );
}

const allMarks = (table: SqliteTable): string => '1'.repeat(table.columns.length);

const sameKeyColumns = (before: PreparedTable, table: SqliteTable): boolean =>
  JSON.stringify(before.columns.slice(0, before.keyCount)) ===
  JSON.stringify(table.columns.slice(0, table.keyCount));

function moveLog(connection: Connection, before: PreparedTable, table: SqliteTable): void {
  const places = table.columns.map((column) => before.columns.indexOf(column));
  // A row that was made has a value of its own in a new column too; one that was changed need not.
  const marks = places.map((place) => (place < 0 ? `(op = 'I')` : `substr(marks, ${String(place + 1)}, 1)`));
  const kept = places
    .slice(table.keyCount)
    .map((place) => (place < 0 ? 'NULL' : `b${String(place - before.keyCount + 1)}`));
  // What updates moved of a column that was not additive before is not known.
  const had = new Set(
    connection
      .all(`SELECT name FROM pragma_table_info(?, 'temp')`, `${PREFIX}moved`)
      .map(([name]) => asText(name)),
  );
  const sums = sumNames(table).flatMap(({ column, ...names }) => {
    const place = String(before.columns.indexOf(column) - before.keyCount + 1);
    return had.has(`o${place}`) ? [[names.old, `o${place}`] as const, [names.new, `n${place}`] as const] : [];
  });
  const shared = ['seq', 'op', 'changed_at', 'origin', 'sent_in', 'base', 'until', ...keyNames(table)];
  connection.run(
    `INSERT INTO ${quote(logOf(table.name))} (${[...shared, 'marks', ...beforeNames(table), ...sums.map(([name]) => name)].join(', ')}) ` +
      `SELECT ${[...shared, `CASE marks WHEN '' THEN '' ELSE ${balanced('||', marks)} END`, ...kept, ...sums.map(([, name]) => name)].join(', ')} FROM ${MOVED}`,
  );
}

function dropTriggers(connection: Connection, table: string): readonly string[] {
  const names = connection
    .all("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", table)
    .map(([name]) => asText(name))
    .filter((name) => name.startsWith(PREFIX));
  for (const name of names) connection.run(`DROP TRIGGER ${quote(name)}`);
  return names;
}
