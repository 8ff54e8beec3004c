import { isCatchingUp } from '../database/tracking-numbers';
import { SyncError } from '../shared/errors';
import { batchesIn } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import type { StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import type { Tracked } from './tracking';

/**
 * An old copy of this site's database is noticed before anything moves: rejects with `session.siteRestored`. Where the
 * user has agreed to it (`recover`), it begins to catch up instead, and what it is then is given.
 */
export async function settleRestoredSite(
  handle: StepHandle,
  tracked: Tracked,
  hub: HubStatus,
  options: SiteSessionOptions,
): Promise<Tracked> {
  const { state } = tracked;
  const last = Math.max(hub.site.merged, ...hub.site.received, ...(await batchesIn(options.outbox)));
  const forgotRounds = hub.site.acknowledged > state.position && !isCatchingUp(state);
  if (last <= state.lastMarked && !forgotRounds) return tracked;
  if (options.recover !== true) {
    throw new SyncError('session.siteRestored', {
      params: {
        batch: last,
        known: state.lastMarked,
        round: hub.site.acknowledged,
        position: state.position,
      },
    });
  }
  return beginCatchingUp(handle, tracked, hub, options, Math.max(last, state.lastMarked));
}

/**
 * A number is never used twice: the next batch follows all that anyone knows of. Until a round includes it, this site
 * takes its own changes again as well, and its batches say that it has not seen them. What waits here may have gone out
 * in the lost life: nothing of it is added to a sum a second time.
 */
async function beginCatchingUp(
  handle: StepHandle,
  { catalogue, state }: Tracked,
  hub: HubStatus,
  { database }: SiteSessionOptions,
  last: number,
): Promise<Tracked> {
  const numbers = {
    lastMarked: last,
    lostAfter: isCatchingUp(state) ? Math.min(state.lostAfter, state.lastMarked) : state.lastMarked,
    lostBatch: last + 1,
    lostRound: hub.round,
  };
  await database.transaction(async (transaction) => {
    await transaction.recordNumbers(numbers);
    await transaction.forgetSums();
  });
  handle.warn('session.site.recovering', { position: state.position, round: hub.round });
  return { catalogue, state: { ...state, ...numbers } };
}
