import { isDamaged } from '../batch/damage';
import { batchesIn, batchFile, keepNames, putAside } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import type { StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import type { Tracked } from './tracking';

export interface LostOutcome {
  readonly tracked: Tracked;
  /** From this batch on nothing can be sent yet; Infinity: all can. */
  readonly waitsFrom: number;
}

/**
 * Takes back the marks of batches that the hub has not got and never will, so that their changes are captured anew:
 * one that a power cut left without a name, or one that the disk spoilt or that went with the data folder afterwards,
 * with all behind it. Those may be read, but the values in them would undo the newer ones that the first now carries.
 *
 * A batch, once named, never changes. The exception is exactly this one: the hub has not got the batch, or could not
 * read it and put it aside, so that no one has ever seen what bore the name, nor those behind it.
 */
export async function releaseLost(
  handle: StepHandle,
  tracked: Tracked,
  hub: HubStatus,
  { database, outbox, signal }: SiteSessionOptions,
): Promise<LostOutcome> {
  const { lastMarked, included } = tracked.state;
  const named = await batchesIn(outbox);
  const { received } = hub.site;
  // A session that was killed may have named one a moment before that was on the disk: from here on it counts as named.
  if (named.length > 0) await keepNames(outbox);
  for (let batch = Math.max(included, hub.site.merged) + 1; batch <= lastMarked; batch += 1) {
    if (received.includes(batch)) continue;
    const missing = !named.includes(batch);
    if (missing && batch === lastMarked) {
      await database.release(batch);
      handle.info('session.site.released', { batch });
      return { tracked: markedUpTo(tracked, batch - 1), waitsFrom: Infinity };
    }
    if (!missing && !(await isDamaged(batchFile(outbox, batch), signal))) continue;
    if (received.some((other) => other > batch)) {
      // The hub puts those aside as it finds them without this one, and merges none of them meanwhile.
      handle.partial('session.site.recaptureLater', { batch });
      return { tracked, waitsFrom: batch };
    }
    // The last one first, and each name before its marks: a power cut leaves what the next session goes on from.
    let file = '';
    for (let last = lastMarked; last >= batch; last -= 1) {
      if (named.includes(last)) file = await putAside(outbox, last);
      await database.release(last);
    }
    if (missing) handle.warn('session.site.batchesLost', { batch, last: lastMarked });
    else handle.warn('session.site.batchDamaged', { batch, file });
    return { tracked: markedUpTo(tracked, batch - 1), waitsFrom: Infinity };
  }
  return { tracked, waitsFrom: Infinity };
}

const markedUpTo = (tracked: Tracked, lastMarked: number): Tracked => ({
  ...tracked,
  state: { ...tracked.state, lastMarked },
});
