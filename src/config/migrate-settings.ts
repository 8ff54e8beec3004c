import { SyncError } from '../shared/errors';

/** Of the settings file, and with it of everything that the data folder keeps. */
export const SETTINGS_VERSION = 2;

/** What came with each version: settings of the one before in its form, by the version they come from. */
const UPGRADES: ReadonlyMap<number, (options: object) => object> = new Map([[1, withSchedule]]);

/**
 * Settings as an older version of the program wrote them, in today's form; others as they are. Throws `settings.newer`
 * {found, known} where a newer one wrote them: nobody here knows what they mean.
 */
export function migrateSettings(options: unknown): unknown {
  const found = versionOf(options);
  if (found === null || !isObject(options)) return options;
  if (found > SETTINGS_VERSION)
    throw new SyncError('settings.newer', { params: { found, known: SETTINGS_VERSION } });
  let current = options;
  for (let version = found; version < SETTINGS_VERSION; version += 1)
    current = { ...UPGRADES.get(version)?.(current), version: version + 1 };
  return current;
}

/** Null where there is none that a version of the program could have written. */
export function versionOf(options: unknown): number | null {
  if (!isObject(options) || !('version' in options)) return null;
  const { version } = options;
  return typeof version === 'number' && Number.isInteger(version) && version > 0 ? version : null;
}

/** Several departures a day; there was one. */
function withSchedule(options: object): object {
  if (!('departure' in options) || 'schedule' in options) return options;
  const { departure, ...others } = options;
  return { ...others, schedule: { departures: [{ time: departure }] } };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
