import { SyncError } from '../shared/errors';

/** Of what `prepare` makes in a database; one that says none was made before versions were written down, and is of the first. */
export const TRACKING_VERSION = 1;

/** What a newer program made may mean something else: it is left alone. Throws `database.newer` {found, known}. */
export function requireKnownTracking(found: number): void {
  if (found > TRACKING_VERSION)
    throw new SyncError('database.newer', { params: { found, known: TRACKING_VERSION } });
}
