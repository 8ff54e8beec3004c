import { differs, isOutOfRow } from './column-type';
import { asNumber, asText, type Connection } from './connection';
import { literal, logOf, quote, TABLES, triggerOf } from './names';
import { forwardQuestions } from './questions';
import { readTracked, type TrackedTable } from './state';
import { beforeNames, keyColumns, keyNames, sumNames, type MssqlTable } from './table';
import { concat, definitionOf, logStatements, SQL_NOW, triggerStatement } from './trigger';

/**
 * Makes the log and the trigger. A log that is there already keeps its changes under the new columns. All databases are
 * alike when the first tables are prepared; what came into being later, untracked, is logged whole.
 */
export async function install(connection: Connection, table: MssqlTable, first: boolean): Promise<void> {
  const before = (await readTracked(connection)).find(({ name }) => name === table.name);
  const id = asNumber((await connection.first(`SELECT COALESCE(MAX(id), 0) + 1 FROM ${TABLES}`))?.[0]);
  const kept = before !== undefined && (await dropOwnTrigger(connection, before.id)) === 'enabled';
  const logged: MssqlTable = { ...table, log: id };
  for (const statement of [...logStatements(logged, id), triggerStatement(logged, id)]) {
    await connection.run(statement);
  }
  if (before !== undefined && sameKeyColumns(before, table)) {
    await moveLog(connection, before, logged, id);
    if (kept) await logAddedColumns(connection, before, logged, id);
    else await logUntracked(connection, logged, id);
  } else if (!first) {
    await logRows(connection, logged, id, {
      op: 'I',
      marks: allMarks(table),
      at: SQL_NOW,
      condition: '1 = 1',
    });
  }
  if (before !== undefined) await forgetLog(connection, before.id);
  await connection.all(
    `INSERT INTO ${TABLES} (id, name, columns, key_count, definition) VALUES (${String(id)}, @p1, @p2, ${String(table.keyCount)}, @p3)`,
    table.name,
    JSON.stringify(table.columns),
    definitionOf(logged, id),
  );
  await forwardQuestions(connection, logged);
}

/** Of a table that is no more, or that has another log now. Its trigger is gone with it, or is dropped. */
export async function forgetLog(connection: Connection, id: number): Promise<void> {
  await dropOwnTrigger(connection, id);
  await connection.run(`DROP TABLE ${logOf(id)}; DELETE FROM ${TABLES} WHERE id = ${String(id)}`);
}

/** Tells how it was: a trigger that was gone or switched off has not seen what was written meanwhile. */
async function dropOwnTrigger(connection: Connection, id: number): Promise<'enabled' | 'blind'> {
  const row = await connection.first(
    'SELECT s.name, g.is_disabled FROM sys.triggers AS g JOIN sys.tables AS t ON t.object_id = g.parent_id ' +
      `JOIN sys.schemas AS s ON s.schema_id = t.schema_id WHERE g.name = ${literal(triggerOf(id))}`,
  );
  if (row === null) return 'blind';
  await connection.run(`DROP TRIGGER ${quote(asText(row[0]))}.${quote(triggerOf(id))}`);
  return row[1] === true || row[1] === 1 ? 'blind' : 'enabled';
}

/** Every row is sent, with a time so old that it yields to any change made elsewhere meanwhile. */
const logUntracked = (connection: Connection, table: MssqlTable, id: number): Promise<void> =>
  logRows(connection, table, id, { op: 'U', marks: allMarks(table), at: '0', condition: '1 = 1' });

/** The old trigger did not see the new columns: whatever stands in them beside their default was written since. */
async function logAddedColumns(
  connection: Connection,
  before: TrackedTable,
  table: MssqlTable,
  id: number,
): Promise<void> {
  const added = table.columns.map((column) => !before.columns.includes(column));
  const written = table.columns.flatMap((column, at) => {
    const type = table.types[at];
    if (added[at] !== true || type === undefined) return [];
    const value = `t.${quote(column)}`;
    if (isOutOfRow(type)) return [`${value} IS NOT NULL`];
    const byDefault = table.defaults[at] ?? 'NULL';
    if (GIVEN_ONCE.test(byDefault)) return [`${value} IS NOT NULL`];
    return [differs(type, value, `CONVERT(${type.declaration}, ${byDefault})`)];
  });
  if (written.length === 0) return;
  const marks = added.map((isNew) => (isNew ? '1' : '0')).join('');
  await logRows(connection, table, id, { op: 'U', marks, at: SQL_NOW, condition: written.join(' OR ') });
}

/** Defaults that give each value once: no row's is told by them, and no condition may name them. */
const GIVEN_ONCE = /next\s+value\s+for|newsequentialid/i;

async function logRows(
  connection: Connection,
  table: MssqlTable,
  id: number,
  line: { readonly op: 'I' | 'U'; readonly marks: string; readonly at: string; readonly condition: string },
): Promise<void> {
  await connection.run(
    `INSERT INTO ${logOf(id)} (op, marks, changed_at, ${keyNames(table).join(', ')}) ` +
      `SELECT '${line.op}', '${line.marks}', ${line.at}, ${keyColumns(table)
        .map((column) => `t.${quote(column)}`)
        .join(', ')} FROM ${table.object} AS t WHERE ${line.condition}`,
  );
}

const allMarks = (table: MssqlTable): string => '1'.repeat(table.columns.length);

const sameKeyColumns = (before: TrackedTable, table: MssqlTable): boolean =>
  JSON.stringify(before.columns.slice(0, before.keyCount)) === JSON.stringify(keyColumns(table));

async function moveLog(
  connection: Connection,
  before: TrackedTable,
  table: MssqlTable,
  id: number,
): Promise<void> {
  const places = table.columns.map((column) => before.columns.indexOf(column));
  // A row that was made has a value of its own in a new column too; one that was changed need not.
  const marks = places.map((place) =>
    place < 0 ? `CASE op WHEN 'I' THEN '1' ELSE '0' END` : `SUBSTRING(marks, ${String(place + 1)}, 1)`,
  );
  const kept = places
    .slice(table.keyCount)
    .map((place) => (place < 0 ? 'NULL' : `b${String(place - before.keyCount + 1)}`));
  // What updates moved of a column that was not additive before is not known.
  const had = await sumColumns(connection, before.id);
  const sums = sumNames(table).flatMap(({ column, ...names }) => {
    const place = String(before.columns.indexOf(column) - before.keyCount + 1);
    return had.includes(`o${place}`)
      ? [[names.old, `o${place}`] as const, [names.new, `n${place}`] as const]
      : [];
  });
  const shared = ['seq', 'op', 'changed_at', 'origin', 'sent_in', 'base', 'until_batch', ...keyNames(table)];
  await connection.run(
    `INSERT INTO ${logOf(id)} (${[...shared, 'marks', ...beforeNames(table), ...sums.map(([name]) => name)].join(', ')}) ` +
      `SELECT ${[...shared, `CASE marks WHEN '' THEN '' ELSE ${concat(marks)} END`, ...kept, ...sums.map(([, name]) => name)].join(', ')} FROM ${logOf(before.id)}`,
  );
}

/** Columns of a log that keep what updates moved. */
export async function sumColumns(connection: Connection, id: number): Promise<string[]> {
  const rows = await connection.all(
    `SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('${logOf(id)}')`,
  );
  return rows.map(([name]) => asText(name)).filter((name) => /^[on]\d+$/.test(name));
}
