import type { Clock } from '../shared/clock';
import type { HubFolder, HubSite } from './hub-folder';
import type { StepHandle } from './session';
import { DAY } from './tidy';

/** From so many days without a word on, somebody has to ask whether the establishment will come back. */
export const ABSENT_DAYS = 14;

/** The hub keeps everything for whoever is away: it says so in time for a site that is gone for good to be retired. */
export async function warnOfAbsent(
  handle: StepHandle,
  missing: readonly HubSite[],
  { folder, clock }: { readonly folder: HubFolder; readonly clock: Clock },
): Promise<void> {
  for (const site of missing) {
    const heard = await folder.heardAt(site.number);
    const days = heard === null ? 0 : Math.floor((clock.now() - heard) / DAY);
    if (days >= ABSENT_DAYS) handle.warn('session.hub.siteAbsent', { site: site.name, days });
  }
}
