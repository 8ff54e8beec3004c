import type { Settings } from '../config/settings';
import type { Database } from '../database/port';
import { accountOf } from './site-accounts';

/**
 * Settings of a new head office with what its database remembers of one whose data folder is lost: establishments under
 * their numbers, each still to get a new code, and the columns that add up. Other settings stay as they are.
 */
export async function inherited(settings: Settings, database: Database): Promise<Settings> {
  const { hub } = settings;
  if (hub === null || (await database.state())?.role !== 'hub') return settings;
  const { tables } = await database.catalogue();
  const additive = Object.fromEntries(
    tables.filter((table) => table.additive.length > 0).map((table) => [table.name, [...table.additive]]),
  );
  return { ...settings, additive, hub: { ...hub, sites: (await database.establishments()).map(accountOf) } };
}
