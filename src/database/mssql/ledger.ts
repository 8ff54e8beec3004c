import { z } from 'zod';
import type { LedgerEntry, LedgerPart } from '../port';
import { asNumber, asText, type Connection } from './connection';
import { LEDGER } from './names';

export async function writeLedger(connection: Connection, entry: Omit<LedgerEntry, 'round'>): Promise<void> {
  await connection.all(
    `INSERT INTO ${LEDGER} (site, batch, sha256, declined, round) ` +
      `VALUES (${String(entry.site)}, ${String(entry.batch)}, @p1, @p2, NULL)`,
    entry.sha256,
    JSON.stringify(entry.declined),
  );
}

export async function readLedger(connection: Connection, of?: LedgerPart): Promise<LedgerEntry[]> {
  const rows = await connection.all(
    `SELECT site, batch, sha256, declined, round FROM ${LEDGER} WHERE ${conditionOf(of)} ORDER BY site, batch`,
  );
  return rows.map(([site, batch, sha256, declined, round]) => ({
    site: asNumber(site),
    batch: asNumber(batch),
    sha256: asText(sha256),
    declined: z.array(z.string()).parse(JSON.parse(asText(declined))),
    round: round === null ? null : asNumber(round),
  }));
}

function conditionOf(part?: LedgerPart): string {
  if (part === undefined) return '1 = 1';
  return part === 'unpublished' ? 'round IS NULL' : `site = ${String(part.site)}`;
}

export async function readLastMerged(connection: Connection): Promise<ReadonlyMap<number, number>> {
  const rows = await connection.all(`SELECT site, MAX(batch) FROM ${LEDGER} GROUP BY site`);
  return new Map(rows.map(([site, batch]) => [asNumber(site), asNumber(batch)]));
}
