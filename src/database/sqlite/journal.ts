import { z } from 'zod';
import type { Value } from '../../batch/block';
import type { Conflict, JournalEntry, JournalFilter, NewJournalEntry, Restoration } from '../port';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { pack, unpack } from './json';
import { JOURNAL, quote, RESTORED } from './names';

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
    const { sql, parameters } = conditionOf(filter);
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

const TABLE = `json_extract(j.conflict, '$.table')`;
const KIND = `json_extract(j.conflict, '$.kind')`;

/** Entries are read one by one: the text of a value is looked for in the value, not in what it is packed in. */
function* matching(connection: Connection, filter: JournalFilter): Generator<JournalEntry> {
  const { sql, parameters } = conditionOf(filter);
  const text = (filter.text ?? '').toLocaleLowerCase();
  const rows = connection.iterate(`${selection(connection)} WHERE ${sql} ORDER BY j.id DESC`, ...parameters);
  for (const row of rows) {
    const entry = toEntry(row);
    if (text === '' || hasText(entry, text)) yield entry;
  }
}

function conditionOf({ table, kind, from, to }: JournalFilter): { sql: string; parameters: Value[] } {
  const conditions: [sql: string, value: Value | undefined][] = [
    [`${TABLE} = ?`, table],
    [`${KIND} = ?`, kind],
    ['j.at >= ?', from],
    ['j.at < ?', to],
  ];
  const given = conditions.filter(([, value]) => value !== undefined);
  return {
    sql: given.length === 0 ? '1' : given.map(([sql]) => sql).join(' AND '),
    parameters: given.map(([, value]) => value ?? null),
  };
}

function selection(connection: Connection): string {
  const columns = 'j.id, j.at, j.site, j.batch, j.conflict';
  const exists = connection.first("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", RESTORED);
  if (exists === null) return `SELECT ${columns}, NULL, NULL, NULL FROM ${quote(JOURNAL)} AS j`;
  return (
    `SELECT ${columns}, r.which, r.at, r.by FROM ${quote(JOURNAL)} AS j LEFT JOIN ${quote(RESTORED)} AS r ` +
    `ON r.id = (SELECT max(id) FROM ${quote(RESTORED)} WHERE conflict = j.id)`
  );
}

const sideSchema = z.enum(['winner', 'loser']);

function toEntry([id, at, site, batch, text, which, restoredAt, by]: readonly Value[]): JournalEntry {
  const none = which === null || which === undefined;
  return {
    ...(unpack(asText(text)) as Conflict),
    id: asNumber(id),
    at: asNumber(at),
    site: asNumber(site),
    batch: asNumber(batch),
    restored: none ? null : { which: sideSchema.parse(which), at: asNumber(restoredAt), by: asText(by) },
  };
}

function hasText({ key, winningRow, losingRow }: Conflict, text: string): boolean {
  return [...key, ...(winningRow ?? []), ...(losingRow ?? [])].some(
    (value) =>
      value !== null && !(value instanceof Uint8Array) && String(value).toLocaleLowerCase().includes(text),
  );
}
