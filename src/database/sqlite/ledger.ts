import type { LedgerEntry } from '../port';
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
