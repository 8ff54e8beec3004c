import type { Business } from './machine/business';
import { disk } from './machine/disk';
import { ADDED, GROWING, WAITING } from './schema';

const FINGERPRINT = new RegExp(`"fingerprints":\\{[^}]*"${GROWING}":"([^"]+)"`);
/** A header stands at the beginning of its file, and this machine compresses nothing. Bytes. */
const HEADER = 4000;

/**
 * Tables that one place has grown wait everywhere, with those that refer to them. A hub that never grew has written
 * nothing in them by the word of a site all of whose batches, merged and not yet published, come from grown tables.
 */
export function slippedThrough(hub: Business, sites: readonly number[]): string[] {
  if (hub.has(ADDED)) return [];
  return sites.flatMap((site) => {
    const batches = hub.unpublished(site);
    if (batches.length === 0 || !batches.every((batch) => isGrown(hub, site, batch))) return [];
    return WAITING.filter((table) => hub.logged(table, site) > 0).map(
      (table) => `site ${String(site)} changes ${table} at the hub, which has another ${GROWING}`,
    );
  });
}

function isGrown(hub: Business, site: number, batch: number): boolean {
  const file = disk.files.get(`/simulation/0/sites/${String(site)}/batches/${batchName(batch)}`);
  const fingerprint = FINGERPRINT.exec(file?.data.subarray(0, HEADER).toString('latin1') ?? '')?.[1];
  return fingerprint !== undefined && fingerprint !== hub.fingerprint(GROWING);
}

const batchName = (batch: number): string => `${String(batch).padStart(6, '0')}.batch`;
