import type { LedgerEntry, LedgerPart } from '../port';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { LEDGER, quote } from './names';

export function writeLedger(connection: Connection, entry: Omit<LedgerEntry, 'round'>): void {
  connection.run(
    `INSERT INTO ${quote(LEDGER)} (site, batch, sha256, declined, round) VALUES (?, ?, ?, ?, NULL)`,
    entry.site,
    entry.batch,
    entry.sha256,
    JSON.stringify(entry.declined),
  );
}

export function readLedger(connection: Connection, of?: LedgerPart): LedgerEntry[] {
  return connection
    .all(
      `SELECT site, batch, sha256, declined, round FROM ${quote(LEDGER)} WHERE ${conditionOf(of)} ORDER BY site, batch`,
    )
    .map(([site, batch, sha256, declined, round]) => ({
      site: asNumber(site),
      batch: asNumber(batch),
      sha256: asText(sha256),
      declined: JSON.parse(asText(declined)) as string[],
      round: round === null ? null : asNumber(round),
    }));
}

function conditionOf(part?: LedgerPart): string {
  if (part === undefined) return '1';
  return part === 'unpublished' ? 'round IS NULL' : `site = ${String(part.site)}`;
}

export function readLastMerged(connection: Connection): ReadonlyMap<number, number> {
  const rows = connection.all(`SELECT site, max(batch) FROM ${quote(LEDGER)} GROUP BY site`);
  return new Map(rows.map(([site, batch]) => [asNumber(site), asNumber(batch)]));
}
