import type { Conflict, JournalEntry, LedgerEntry } from '../port';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { pack, unpack } from '../json';
import { JOURNAL, LEDGER, quote } from './names';

export function writeConflict(connection: Connection, entry: Omit<JournalEntry, 'id'>): void {
  const { at, site, batch, ...conflict } = entry;
  connection.run(
    `INSERT INTO ${quote(JOURNAL)} (at, site, batch, conflict) VALUES (?, ?, ?, ?)`,
    at,
    site,
    batch,
    pack(conflict),
  );
}

export function readConflicts(connection: Connection, limit: number): JournalEntry[] {
  return connection
    .all(`SELECT id, at, site, batch, conflict FROM ${quote(JOURNAL)} ORDER BY id DESC LIMIT ?`, limit)
    .map(([id, at, site, batch, text]) => ({
      ...(unpack(asText(text)) as Conflict),
      id: asNumber(id),
      at: asNumber(at),
      site: asNumber(site),
      batch: asNumber(batch),
    }));
}

export function writeLedger(connection: Connection, entry: Omit<LedgerEntry, 'round'>): void {
  connection.run(
    `INSERT INTO ${quote(LEDGER)} (site, batch, sha256, declined, round) VALUES (?, ?, ?, ?, NULL)`,
    entry.site,
    entry.batch,
    entry.sha256,
    JSON.stringify(entry.declined),
  );
}

export function readLedger(connection: Connection): LedgerEntry[] {
  return connection
    .all(`SELECT site, batch, sha256, declined, round FROM ${quote(LEDGER)} ORDER BY site, batch`)
    .map(([site, batch, sha256, declined, round]) => ({
      site: asNumber(site),
      batch: asNumber(batch),
      sha256: asText(sha256),
      declined: JSON.parse(asText(declined)) as string[],
      round: round === null ? null : asNumber(round),
    }));
}
