import { z } from 'zod';
import { pack, unpack } from '../json';
import type { Conflict, JournalEntry, LedgerEntry } from '../port';
import { asNumber, asText, type Connection } from './connection';
import { JOURNAL, LEDGER } from './names';

export async function writeConflict(connection: Connection, entry: Omit<JournalEntry, 'id'>): Promise<void> {
  const { at, site, batch, ...conflict } = entry;
  await connection.all(
    `INSERT INTO ${JOURNAL} (at, site, batch, conflict) VALUES (${String(at)}, ${String(site)}, ${String(batch)}, @p1)`,
    pack(conflict),
  );
}

export async function readConflicts(connection: Connection, limit: number): Promise<JournalEntry[]> {
  const rows = await connection.all(
    `SELECT TOP (${String(limit)}) id, at, site, batch, conflict FROM ${JOURNAL} ORDER BY id DESC`,
  );
  return rows.map(([id, at, site, batch, text]) => ({
    ...(unpack(asText(text)) as Conflict),
    id: asNumber(id),
    at: asNumber(at),
    site: asNumber(site),
    batch: asNumber(batch),
  }));
}

export async function writeLedger(connection: Connection, entry: Omit<LedgerEntry, 'round'>): Promise<void> {
  await connection.all(
    `INSERT INTO ${LEDGER} (site, batch, sha256, declined, round) ` +
      `VALUES (${String(entry.site)}, ${String(entry.batch)}, @p1, @p2, NULL)`,
    entry.sha256,
    JSON.stringify(entry.declined),
  );
}

export async function readLedger(connection: Connection): Promise<LedgerEntry[]> {
  const rows = await connection.all(
    `SELECT site, batch, sha256, declined, round FROM ${LEDGER} ORDER BY site, batch`,
  );
  return rows.map(([site, batch, sha256, declined, round]) => ({
    site: asNumber(site),
    batch: asNumber(batch),
    sha256: asText(sha256),
    declined: z.array(z.string()).parse(JSON.parse(asText(declined))),
    round: round === null ? null : asNumber(round),
  }));
}
