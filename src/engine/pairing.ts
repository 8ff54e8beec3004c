import type { Settings } from '../config/settings';
import { SyncError } from '../shared/errors';
import { decodePairing } from '../transport/pairing';

/** Settings of a site that takes a hub's pairing code. Throws `pairing.*` or `settings.notASite`. */
export function paired(
  settings: Settings,
  code: string,
): Settings & { readonly site: NonNullable<Settings['site']> } {
  if (settings.role !== 'site') throw new SyncError('settings.notASite');
  const { host, port, fingerprint, site: number, user, secret } = decodePairing(code);
  return { ...settings, site: { number, host, port, fingerprint, user, secret } };
}
