import type { Role } from '../../../src/report/report';

export type SectionName =
  'station' | 'tables' | 'schedule' | 'sites' | 'network' | 'pairing' | 'mail' | 'preferences';

/** In the order of their tabs. */
export const SECTIONS: Readonly<Record<Role, readonly SectionName[]>> = {
  hub: ['station', 'tables', 'schedule', 'sites', 'network', 'mail', 'preferences'],
  site: ['station', 'pairing', 'tables', 'schedule', 'mail', 'preferences'],
};

const OWNERS: Readonly<Record<string, SectionName>> = {
  policies: 'tables',
  additive: 'tables',
  schedule: 'schedule',
  receptionLimit: 'schedule',
  waitLimit: 'schedule',
  acknowledgementLimit: 'schedule',
  hub: 'network',
  bandwidth: 'pairing',
  mail: 'mail',
  preferences: 'preferences',
};

/** Where the setting of a path is shown. */
export function sectionOf(path: string): SectionName {
  if (path === 'hub.pairingDays') return 'sites';
  return OWNERS[path.split('.')[0] ?? ''] ?? 'station';
}
