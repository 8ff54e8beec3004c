import type { Database } from '../database/port';

/** The last batch of each site that is merged in the hub's database. */
export async function mergedBatches(database: Database): Promise<ReadonlyMap<number, number>> {
  const merged = new Map<number, number>();
  for (const { site, batch } of await database.ledger()) {
    merged.set(site, Math.max(batch, merged.get(site) ?? 0));
  }
  return merged;
}
