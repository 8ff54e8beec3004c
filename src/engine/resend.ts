import { SyncError } from '../shared/errors';
import type { Operation } from './operation';

/** Makes a site's changes since an instant (ISO 8601) pending again. Rejects with `resend.date` or `resend.siteOnly`. */
export async function resendSince(
  { place, sessions }: Pick<Operation, 'place' | 'sessions'>,
  since: string,
): Promise<number> {
  const from = Date.parse(since);
  if (Number.isNaN(from) || from > place.parts.clock.now())
    throw new SyncError('resend.date', { params: { date: since } });
  if (place.configured().role !== 'site') throw new SyncError('resend.siteOnly');
  const count = await sessions.exclusively(() => place.withDatabase((database) => database.resend(from)));
  place.say('info', 'resend.done', { since, changes: count });
  return count;
}
