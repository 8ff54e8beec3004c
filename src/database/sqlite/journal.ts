import { z } from 'zod';
import type { Value } from '../../batch/block';
import type { Conflict, JournalEntry, JournalFilter, NewJournalEntry, Restoration } from '../port';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { pack, unpack } from '../json';
import { hasText } from '../conflict-text';
import { refusedState, type RefusedEnd } from '../refused';
import { JOURNAL, quote, REFUSED, RESTORED } from './names';

export function writeConflict(connection: Connection, entry: NewJournalEntry): void {
  const { at, site, batch, ...conflict } = entry;
  connection.run(
    `INSERT INTO ${quote(JOURNAL)} (at, site, batch, conflict) VALUES (?, ?, ?, ?)`,
    at,
    site,
    batch,
    pack(conflict),
  );
}

/** Newest first. */
export function readConflicts(
  connection: Connection,
  limit: number,
  { skip = 0, ...filter }: JournalFilter & { readonly skip?: number } = {},
): JournalEntry[] {
  const found: JournalEntry[] = [];
  let passed = 0;
  for (const entry of matching(connection, filter)) {
    if (found.length >= limit) break;
    if (passed >= skip) found.push(entry);
    passed += 1;
  }
  return found;
}

export function countConflicts(connection: Connection, filter: JournalFilter): number {
  if (filter.text === undefined || filter.text === '') {
    const { sql, parameters } = conditionOf(connection, filter);
    return asNumber(
      connection.first(`SELECT count(*) FROM ${quote(JOURNAL)} AS j WHERE ${sql}`, ...parameters)?.[0],
    );
  }
  const entries = matching(connection, filter);
  let count = 0;
  while (entries.next().done !== true) count += 1;
  return count;
}

export const conflictTables = (connection: Connection): string[] =>
  connection
    .all(`SELECT DISTINCT ${TABLE} FROM ${quote(JOURNAL)} AS j ORDER BY 1`)
    .map(([table]) => asText(table));

export function findConflict(connection: Connection, id: number): JournalEntry | null {
  const row = connection.first(`${selection(connection)} WHERE j.id = ?`, id);
  return row === null ? null : toEntry(row);
}

export function writeRestoration(connection: Connection, id: number, { which, at, by }: Restoration): void {
  connection.run(
    `CREATE TABLE IF NOT EXISTS ${quote(RESTORED)} (id INTEGER PRIMARY KEY, conflict INTEGER NOT NULL, which TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL)`,
  );
  connection.run(
    `INSERT INTO ${quote(RESTORED)} (conflict, which, at, by) VALUES (?, ?, ?, ?)`,
    id,
    which,
    at,
    by,
  );
}

/** As `writeRestoration`, in a table that databases prepared by older versions do not have yet. */
export function writeRefusedEnd(connection: Connection, id: number, { outcome, at }: RefusedEnd): void {
  connection.run(
    `CREATE TABLE IF NOT EXISTS ${quote(REFUSED)} (conflict INTEGER PRIMARY KEY, outcome TEXT NOT NULL, at INTEGER NOT NULL)`,
  );
  connection.run(
    `INSERT OR REPLACE INTO ${quote(REFUSED)} (conflict, outcome, at) VALUES (?, ?, ?)`,
    id,
    outcome,
    at,
  );
}

const TABLE = `json_extract(j.conflict, '$.table')`;
const KIND = `json_extract(j.conflict, '$.kind')`;

/** Entries are read one by one: the text of a value is looked for in the value, not in what it is packed in. */
function* matching(connection: Connection, filter: JournalFilter): Generator<JournalEntry> {
  const { sql, parameters } = conditionOf(connection, filter);
  const text = (filter.text ?? '').toLocaleLowerCase();
  const rows = connection.iterate(`${selection(connection)} WHERE ${sql} ORDER BY j.id DESC`, ...parameters);
  for (const row of rows) {
    const entry = toEntry(row);
    if (text === '' || hasText(entry, text)) yield entry;
  }
}

function conditionOf(
  connection: Connection,
  { table, kind, waiting, from, to }: JournalFilter,
): { sql: string; parameters: Value[] } {
  const conditions: [sql: string, value: Value | undefined][] = [
    [`${TABLE} = ?`, table],
    [`${KIND} = ?`, kind ?? (waiting === true ? 'refused' : undefined)],
    ['j.at >= ?', from],
    ['j.at < ?', to],
  ];
  const given = conditions.filter(([, value]) => value !== undefined);
  const ended = waiting === true ? [REFUSED, RESTORED].filter((name) => hasTable(connection, name)) : [];
  const open = ended.map((name) => `NOT EXISTS (SELECT 1 FROM ${quote(name)} WHERE conflict = j.id)`);
  const all = [...given.map(([sql]) => sql), ...open];
  return {
    sql: all.length === 0 ? '1' : all.join(' AND '),
    parameters: given.map(([, value]) => value ?? null),
  };
}

/** Some tables are made with their first line. */
export const hasTable = (connection: Connection, name: string): boolean =>
  connection.first("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", name) !== null;

/** What people and later sessions did is in tables of its own, which may not be there yet. */
function selection(connection: Connection): string {
  const restored = hasTable(connection, RESTORED);
  const refused = hasTable(connection, REFUSED);
  return (
    `SELECT j.id, j.at, j.site, j.batch, j.conflict, ${restored ? 'r.which, r.at, r.by' : 'NULL, NULL, NULL'}, ` +
    `${refused ? 'e.outcome, e.at' : 'NULL, NULL'} FROM ${quote(JOURNAL)} AS j` +
    (restored
      ? ` LEFT JOIN ${quote(RESTORED)} AS r ON r.id = (SELECT max(id) FROM ${quote(RESTORED)} WHERE conflict = j.id)`
      : '') +
    (refused ? ` LEFT JOIN ${quote(REFUSED)} AS e ON e.conflict = j.id` : '')
  );
}

const sideSchema = z.enum(['winner', 'loser']);
const outcomeSchema = z.enum(['passed', 'superseded', 'changed']);

function toEntry(row: readonly Value[]): JournalEntry {
  const [id, at, site, batch, text, which = null, restoredAt, by, outcome = null, endedAt] = row;
  const conflict = unpack(asText(text)) as Conflict;
  const restored =
    which === null ? null : { which: sideSchema.parse(which), at: asNumber(restoredAt), by: asText(by) };
  const end = outcome === null ? null : { outcome: outcomeSchema.parse(outcome), at: asNumber(endedAt) };
  return {
    ...conflict,
    id: asNumber(id),
    at: asNumber(at),
    site: asNumber(site),
    batch: asNumber(batch),
    restored,
    refused: refusedState({ kind: conflict.kind, restored }, end),
  };
}
