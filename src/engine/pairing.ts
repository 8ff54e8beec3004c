import type { Settings } from '../config/settings';
import { SyncError } from '../shared/errors';
import { decodePairing } from '../transport/pairing';
import { newSiteSecret } from '../transport/secrets';

/**
 * Settings of a site that takes a hub's pairing code. The secret that it will leave at the hub in place of the code's is
 * made now: whatever is cut later, it is on the disk before the hub hears of it. Throws `pairing.*` or
 * `settings.notASite`.
 */
export function paired(
  settings: Settings,
  line: string,
): Settings & { readonly site: NonNullable<Settings['site']> } {
  if (settings.role !== 'site') throw new SyncError('settings.notASite');
  const { host, port, fingerprint, site: number, user, secret, once } = decodePairing(line);
  const secrets = once ? { secret: newSiteSecret(), code: secret } : { secret, code: null };
  return { ...settings, site: { number, host, port, fingerprint, nextFingerprint: null, user, ...secrets } };
}
