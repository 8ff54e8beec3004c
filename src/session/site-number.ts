import { SyncError } from '../shared/errors';
import { batchesIn, putAside } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import type { StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import type { Tracked } from './tracking';

/**
 * The database of one establishment that is paired as another one is a copy: it begins with numbers of its own, and what
 * was not received yet goes out anew. Rejects with `session.otherNumber` {number, known} where the hub knows a past of
 * that other one, which is not this database's. A database that goes on under its number has nothing to settle.
 */
export async function settleNumber(
  handle: StepHandle,
  tracked: Tracked,
  hub: HubStatus,
  { database, installation, site, outbox }: SiteSessionOptions,
): Promise<Tracked> {
  const { catalogue, state } = tracked;
  if (state.site === site) return tracked;
  if (state.site === 0) {
    await database.transaction((transaction) => transaction.recordNumbers({ site }));
    return { catalogue, state: { ...state, site } };
  }
  const params = { number: site, known: state.site };
  const { merged, received, acknowledged } = hub.site;
  if (merged > 0 || acknowledged > 0 || received.length > 0)
    throw new SyncError('session.otherNumber', { params });
  // They bear the former number. The last one first: cut short, this begins again.
  for (const batch of (await batchesIn(outbox)).reverse()) await putAside(outbox, batch);
  await database.prepare({ ...installation, site });
  handle.warn('session.site.newNumber', params);
  const after = await database.state();
  if (after === null) throw new SyncError('database.notPrepared');
  return { catalogue, state: after };
}
