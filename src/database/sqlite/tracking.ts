import { SyncError } from '../../shared/errors';
import type { Installation } from '../port';
import { adoptionOf } from '../adoption';
import { NO_NUMBERS } from '../tracking-numbers';
import { TRACKING_VERSION } from '../tracking-version';
import { readCatalogue } from './catalogue';
import type { Connection } from './connection';
import { asText, isBusy } from './connection';
import { install } from './install';
import {
  doomedOf,
  JOURNAL,
  LEDGER,
  logOf,
  PREFIX,
  QUESTIONS,
  quote,
  REFUSED,
  RESTORED,
  STATE,
  TABLES,
} from './names';
import { hasTracking, preparedTables, readState, writeState } from './state';

export function prepare(connection: Connection, installation: Installation): void {
  const journalMode = requireWal(connection);
  connection.transaction(() => {
    const first = !hasTracking(connection);
    if (first) createState(connection, journalMode);
    const { tables } = readCatalogue(connection);
    forgetDropped(connection, new Set(tables.map((table) => table.name)));
    adopt(connection, installation);
    for (const table of tables) {
      if (table.tracking !== 'installed') install(connection, table, first);
    }
  });
}

/**
 * Readers of a database in WAL mode never wait for the synchronisation, nor it for them; capture counts on it. A backup
 * that was restored may be in another mode. Gives the mode as it was.
 */
export function requireWal(connection: Connection): string {
  const before = asText(connection.first('PRAGMA journal_mode')?.[0]);
  const reached = before === 'wal' ? 'wal' : asText(connection.first('PRAGMA journal_mode = WAL')?.[0]);
  if (reached !== 'wal') throw new SyncError('database.noWal', { params: { mode: reached } });
  return before;
}

export function unprepare(connection: Connection): void {
  if (!hasTracking(connection)) return;
  const { journalMode } = readState(connection);
  connection.transaction(() => {
    for (const name of ownNames(connection, 'trigger')) connection.run(`DROP TRIGGER ${quote(name)}`);
    for (const name of ownNames(connection, 'table')) connection.run(`DROP TABLE ${quote(name)}`);
  });
  try {
    connection.run(`PRAGMA journal_mode = ${journalMode}`);
  } catch (error) {
    // The application has the database open: it stays in WAL mode, which changes nothing to what it does.
    if (!isBusy(error)) throw error;
  }
}

function createState(connection: Connection, journalMode: string): void {
  connection.run(`CREATE TABLE ${quote(STATE)} (key TEXT PRIMARY KEY, value) WITHOUT ROWID`);
  connection.run(
    `CREATE TABLE ${quote(TABLES)} (name TEXT PRIMARY KEY, columns TEXT NOT NULL, key_count INTEGER NOT NULL, fingerprint TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID`,
  );
  connection.run(
    `CREATE TABLE ${quote(LEDGER)} (site INTEGER, batch INTEGER, sha256 TEXT NOT NULL, declined TEXT NOT NULL, round INTEGER, PRIMARY KEY (site, batch)) WITHOUT ROWID`,
  );
  connection.run(
    `CREATE TABLE ${quote(JOURNAL)} (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, site INTEGER NOT NULL, batch INTEGER NOT NULL, conflict TEXT NOT NULL)`,
  );
  connection.run(
    `CREATE TABLE ${quote(QUESTIONS)} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, key_columns TEXT NOT NULL, key TEXT NOT NULL, base INTEGER NOT NULL)`,
  );
  writeState(connection, { journalMode, version: TRACKING_VERSION });
}

/** Writes whose database this is. */
function adopt(connection: Connection, installation: Installation): void {
  const before = readState(connection);
  const adoption = adoptionOf(before, installation);
  if (adoption === 'heir') writeState(connection, { installation: installation.id });
  if (adoption !== 'stranger') return;
  if (before.installation !== '') {
    for (const { name } of preparedTables(connection))
      adoptLog(connection, logOf(name), before, installation);
    connection.run(`DELETE FROM ${quote(LEDGER)}`);
    connection.run(`DELETE FROM ${quote(JOURNAL)}`);
    for (const name of [RESTORED, REFUSED]) connection.run(`DROP TABLE IF EXISTS ${quote(name)}`);
  }
  const seen = before.role === 'hub' ? before.lastMarked : before.position;
  writeState(connection, {
    installation: installation.id,
    role: installation.role,
    lastMarked: 0,
    included: 0,
    position: installation.role === 'site' ? seen : 0,
    site: installation.site ?? 0,
    purged: 0,
    ...NO_NUMBERS,
  });
}

/**
 * What the other machine has sent for good is forgotten. The rest is kept, since sending a change twice is harmless and
 * losing one is not; but a site made from the hub holds nothing that the hub itself will not publish.
 */
function adoptLog(
  connection: Connection,
  log: string,
  before: Pick<Installation, 'role'> & { readonly lastMarked: number; readonly included: number },
  { role }: Installation,
): void {
  if (before.role === 'hub' && role === 'site') {
    connection.run(`DELETE FROM ${quote(log)}`);
    return;
  }
  connection.run(
    `DELETE FROM ${quote(log)} WHERE sent_in <= ?`,
    before.role === 'hub' ? before.lastMarked : before.included,
  );
  connection.run(`UPDATE ${quote(log)} SET sent_in = NULL, origin = 0`);
  // What may have been counted already must not be counted twice: these changes have a value and no more.
  const sums = connection
    .all('SELECT name FROM pragma_table_info(?)', log)
    .map(([name]) => asText(name))
    .filter((name) => /^[on]\d+$/.test(name));
  for (const name of sums) connection.run(`UPDATE ${quote(log)} SET ${name} = NULL`);
  // Questions and answers have a meaning between one site and its hub only.
  if (role === 'hub') connection.run(`DELETE FROM ${quote(log)} WHERE op = 'R'`);
}

function forgetDropped(connection: Connection, present: ReadonlySet<string>): void {
  for (const { name } of preparedTables(connection)) {
    if (present.has(name)) continue;
    for (const trigger of ownNames(connection, 'trigger', name))
      connection.run(`DROP TRIGGER ${quote(trigger)}`);
    connection.run(`DROP TABLE ${quote(logOf(name))}`);
    connection.run(`DROP TABLE IF EXISTS ${quote(doomedOf(name))}`);
    connection.run(`DELETE FROM ${quote(TABLES)} WHERE name = ?`, name);
  }
}

function ownNames(connection: Connection, type: 'trigger' | 'table', table?: string): string[] {
  return connection
    .all('SELECT name, tbl_name FROM sqlite_schema WHERE type = ?', type)
    .filter(([name, owner]) => asText(name).startsWith(PREFIX) && (table === undefined || owner === table))
    .map(([name]) => asText(name));
}
