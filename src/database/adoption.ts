import type { Installation, TrackingState } from './port/catalogue';

/**
 * What an installation is to the tracking of a database that it prepares. `heir`: the place goes on whose data folder
 * is lost, with its numbers, its pending changes and its journal; a site's is told by its number, which may be known
 * only later. `stranger`: a copy made elsewhere begins with numbers of its own. Pure.
 */
export function adoptionOf(
  before: Pick<TrackingState, 'installation' | 'role' | 'site'>,
  { id, role, site = before.site }: Installation,
): 'same' | 'heir' | 'stranger' {
  const otherSite = before.site !== 0 && site !== before.site;
  if (before.installation === id && !otherSite) return 'same';
  const known = before.installation !== '' && before.role === role && (role === 'hub' || before.site !== 0);
  return known && !otherSite ? 'heir' : 'stranger';
}
