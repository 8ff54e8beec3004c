import type { StepHandle } from '../session/session';
import type { BlockedAddress } from '../transport/port';

/** Addresses told one by one: an attack from thousands must not make a report that nobody reads. */
const toldEach = 20;

/** Tells, in the report of a hub's session, the addresses blocked since `since` (milliseconds since 1970, UTC). */
export function tellBlocked(
  handle: Pick<StepHandle, 'info'>,
  blocked: readonly BlockedAddress[],
  since: number,
): void {
  const news = blocked.filter(({ lastAt }) => lastAt > since);
  for (const { address, attempts, users } of news.slice(0, toldEach))
    handle.info('session.hub.blocked', { address, attempts, users: users.join(', ') });
  if (news.length > toldEach) handle.info('session.hub.blockedMore', { count: news.length - toldEach });
}
