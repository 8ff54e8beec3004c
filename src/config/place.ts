import type { Settings } from './settings';

/** 0 for a hub, else the number that the hub gave this site; null before it is paired. */
export const placeOf = ({ role, site }: Pick<Settings, 'role' | 'site'>): number | null =>
  role === 'hub' ? 0 : (site?.number ?? null);
