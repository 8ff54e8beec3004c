import { z } from 'zod';
import { hasText } from '../conflict-text';
import { pack, unpack } from '../json';
import type { Conflict, JournalEntry, JournalFilter, NewJournalEntry, Restoration } from '../port';
import { asNumber, asText, type Connection, type Row } from './connection';
import { refusedState, type RefusedEnd } from '../refused';
import { JOURNAL, literal, REFUSED, RESTORED, SCHEMA } from './names';

export async function writeConflict(connection: Connection, entry: NewJournalEntry): Promise<void> {
  const { at, site, batch, ...conflict } = entry;
  await connection.all(
    `INSERT INTO ${JOURNAL} (at, site, batch, name, kind, conflict) ` +
      `VALUES (${String(at)}, ${String(site)}, ${String(batch)}, @p1, @p2, @p3)`,
    conflict.table,
    conflict.kind,
    pack(conflict),
  );
}

/** Newest first. */
export async function readConflicts(
  connection: Connection,
  limit: number,
  { skip = 0, ...filter }: JournalFilter & { readonly skip?: number } = {},
): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  let passed = 0;
  for await (const entry of matching(connection, filter)) {
    if (found.length >= limit) break;
    if (passed >= skip) found.push(entry);
    passed += 1;
  }
  return found;
}

export async function countConflicts(connection: Connection, filter: JournalFilter): Promise<number> {
  if (filter.text === undefined || filter.text === '') {
    const condition = conditionOf(filter, await hasRefused(connection));
    const row = await connection.first(`SELECT COUNT(*) FROM ${JOURNAL} AS j WHERE ${condition}`);
    return asNumber(row?.[0]);
  }
  const entries = matching(connection, filter);
  let count = 0;
  while ((await entries.next()).done !== true) count += 1;
  return count;
}

export async function conflictTables(connection: Connection): Promise<string[]> {
  const rows = await connection.all(`SELECT DISTINCT name FROM ${JOURNAL}`);
  return rows.map(([name]) => asText(name)).sort();
}

export async function findConflict(connection: Connection, id: number): Promise<JournalEntry | null> {
  const query = selection(await hasRefused(connection));
  const row = await connection.first(`${query} WHERE j.id = ${String(id)}`);
  return row === null ? null : toEntry(row);
}

export async function writeRestoration(
  connection: Connection,
  id: number,
  { which, at, by }: Restoration,
): Promise<void> {
  await connection.all(
    `INSERT INTO ${RESTORED} (conflict_id, side, at, person) VALUES (${String(id)}, @p1, ${String(at)}, @p2)`,
    which,
    by,
  );
}

/** A database prepared by an older version gets the table with its first line. */
export async function writeRefusedEnd(
  connection: Connection,
  id: number,
  { outcome, at }: RefusedEnd,
): Promise<void> {
  if (!(await hasRefused(connection))) await connection.run(CREATE_REFUSED);
  await connection.run(
    `DELETE FROM ${REFUSED} WHERE conflict_id = ${String(id)}; ` +
      `INSERT INTO ${REFUSED} (conflict_id, outcome, at) VALUES (${String(id)}, '${outcome}', ${String(at)})`,
  );
}

export const CREATE_REFUSED = `CREATE TABLE ${REFUSED} (conflict_id bigint NOT NULL PRIMARY KEY, outcome varchar(20) NOT NULL, at bigint NOT NULL)`;

export async function hasRefused(connection: Connection): Promise<boolean> {
  const row = await connection.first(
    `SELECT 1 FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id ` +
      `WHERE s.name = '${SCHEMA}' AND t.name = 'refused'`,
  );
  return row !== null;
}

/** How many entries are read at a time. */
const PAGE = 500;

/** Entries page by page: the text of a value is looked for in the value, not in what it is packed in. */
async function* matching(connection: Connection, filter: JournalFilter): AsyncGenerator<JournalEntry> {
  const text = (filter.text ?? '').toLocaleLowerCase();
  const refused = await hasRefused(connection);
  const query = `${selection(refused)} WHERE ${conditionOf(filter, refused)}`;
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const rows = await connection.all(
      `SELECT TOP (${String(PAGE)}) * FROM (${query}) AS e WHERE e.id < ${String(before)} ORDER BY e.id DESC`,
    );
    for (const entry of rows.map(toEntry)) {
      before = entry.id;
      if (text === '' || hasText(entry, text)) yield entry;
    }
    if (rows.length < PAGE) return;
  }
}

function conditionOf({ table, kind, waiting, from, to }: JournalFilter, refused: boolean): string {
  const ended = [RESTORED, ...(refused ? [REFUSED] : [])];
  const open = ended.map((name) => `NOT EXISTS (SELECT 1 FROM ${name} AS x WHERE x.conflict_id = j.id)`);
  const conditions = [
    table === undefined ? null : `j.name = ${literal(table)}`,
    kind === undefined ? null : `j.kind = ${literal(kind)}`,
    waiting === undefined ? null : ["j.kind = 'refused'", ...open].join(' AND '),
    from === undefined ? null : `j.at >= ${String(from)}`,
    to === undefined ? null : `j.at < ${String(to)}`,
  ].filter((condition) => condition !== null);
  return conditions.length === 0 ? '1 = 1' : conditions.join(' AND ');
}

/** `refused`: whether the table of the ends of refused rows is there. */
const selection = (refused: boolean): string =>
  `SELECT j.id, j.at, j.site, j.batch, j.conflict, r.side, r.at AS restored_at, r.person, ` +
  `${refused ? 'x.outcome, x.at' : 'CONVERT(varchar(20), NULL) AS outcome, CONVERT(bigint, NULL)'} AS ended_at FROM ${JOURNAL} AS j ` +
  `LEFT JOIN ${RESTORED} AS r ON r.id = (SELECT MAX(id) FROM ${RESTORED} WHERE conflict_id = j.id)` +
  (refused ? ` LEFT JOIN ${REFUSED} AS x ON x.conflict_id = j.id` : '');

const sideSchema = z.enum(['winner', 'loser']);
const outcomeSchema = z.enum(['passed', 'superseded', 'changed']);

function toEntry(row: Row): JournalEntry {
  const [id, at, site, batch, text, side = null, restoredAt, by, outcome = null, endedAt] = row;
  const conflict = unpack(asText(text)) as Conflict;
  const restored =
    side === null ? null : { which: sideSchema.parse(side), at: asNumber(restoredAt), by: asText(by) };
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
