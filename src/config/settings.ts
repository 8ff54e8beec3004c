import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, resolve } from 'node:path';
import { writeFileAtomic } from '../shared/atomic-file';
import { systemCode } from '../shared/disk-error';
import { SyncError } from '../shared/errors';
import { backUpState } from './backup';
import { dataFolder } from './data-folder';
import { migrateSettings, SETTINGS_VERSION, versionOf } from './migrate-settings';
import { faultsOf, SettingsError } from './settings-faults';
import { settingsSchema, type Settings } from './settings-schema';
import {
  BANDWIDTH_SETTING,
  MAIL_SETTINGS,
  SCHEDULE_SETTINGS,
  typedNumber,
  type TypedSetting,
} from './typed-setting';

export { defaultPreferences, type MailSettings, type Settings } from './settings-schema';
export { SettingsError, type SettingsFault } from './settings-faults';

/** Only their owner reads them: they hold the secret that opens the hub. */
const MODE = 0o600;

/** Options in, settings out. Throws a SettingsError that lists every fault. */
export function resolveSettings(options: unknown): Settings {
  const result = settingsSchema.safeParse(options);
  if (!result.success) throw new SettingsError(faultsOf(result.error.issues));
  return result.data;
}

export interface NewSettings {
  readonly installation: string;
  readonly role: string;
  readonly name: string;
  /** As `resolveDatabase` gives it. */
  readonly database: string;
  /** Hub: port of the FTP server. */
  readonly port?: string;
  /** Hub: name or address by which sites reach it; this machine's own name if it is not given. */
  readonly address?: string;
}

/** Settings of a new installation, from what was typed. Throws a SettingsError. */
export function newSettings({ port, address, ...options }: NewSettings): Settings {
  const hub =
    options.role === 'hub'
      ? { address: address ?? hostname(), ...(port === undefined ? {} : { port: typedNumber(port) }) }
      : null;
  return resolveSettings({ version: SETTINGS_VERSION, ...options, hub });
}

/** The address of a database with an absolute path, from the folder it was typed in: a plain path is one of SQLite. */
export function resolveDatabase(address: string, folder: string): string {
  const sqlite = /^sqlite:(\/\/(?=\/))?/.exec(address);
  if (sqlite !== null) return `sqlite:${resolve(folder, address.slice(sqlite[0].length))}`;
  return /^[a-z]{2,}:/.test(address) || address === '' ? address : `sqlite:${resolve(folder, address)}`;
}

/** Rejects with `settings.missing` {folder}, `settings.unreadable` {reason}, `settings.newer` or a SettingsError. */
export async function loadSettings(folder: string): Promise<Settings> {
  return resolveSettings(migrateSettings(await readOptions(folder)));
}

/**
 * To be called when the engine has taken the data folder, before anything else: what an older version wrote is copied
 * aside and brought up to date. Rejects with `settings.newer`, or with `disk.*` where the copy cannot be made. What
 * else is wrong in the settings is told to whoever loads them.
 */
export async function upgradeSettings(folder: string): Promise<void> {
  const options = await readOptions(folder).catch(() => null);
  const resolved = settingsSchema.safeParse(migrateSettings(options));
  if (resolved.success && versionOf(options) !== SETTINGS_VERSION) await saveSettings(folder, resolved.data);
}

async function readOptions(folder: string): Promise<unknown> {
  const file = dataFolder(folder).settings;
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    const reason = systemCode(error);
    if (reason === 'ENOENT')
      throw new SyncError('settings.missing', { params: { folder: basename(folder) }, cause: error });
    throw new SyncError('settings.unreadable', { params: { reason }, cause: error });
  }
  try {
    // Windows' Notepad writes a byte order mark.
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch {
    // No cause: what JSON.parse says quotes the text, secrets too.
    throw new SyncError('settings.unreadable', { params: { reason: 'JSON' } });
  }
}

/**
 * Replaces the file, readable by its owner alone; one of an older version is copied aside first, one of a newer stays.
 * Rejects with a SettingsError, `settings.newer` or `disk.*`.
 */
export async function saveSettings(folder: string, settings: Settings): Promise<void> {
  const content = `${JSON.stringify(resolveSettings(settings), null, 2)}\n`;
  const before = await readOptions(folder).catch(() => null);
  migrateSettings(before);
  const version = versionOf(before);
  const paths = dataFolder(folder);
  if (version !== null && version < SETTINGS_VERSION) await backUpState(paths, version);
  await writeFileAtomic(paths.settings, content, { mode: MODE });
}

const TABLE_POLICY = 'policies.tables.';
const ADDITIVE = 'additive.';

/** The table whose additive columns a key of the command line is about; null: it is about something else. */
export const additiveTable = (key: string): string | null =>
  key.startsWith(ADDITIVE) && key.length > ADDITIVE.length ? key.slice(ADDITIVE.length) : null;
const plain = (path: string, parse: TypedSetting['parse'] = (typed) => typed): [string, TypedSetting] => [
  path,
  { path: path.split('.'), parse },
];
const COMMON_SETTINGS: ReadonlyMap<string, TypedSetting> = new Map([
  plain('name'),
  plain('database', (address) => resolveDatabase(address, process.cwd())),
  ...SCHEDULE_SETTINGS,
  plain('receptionLimit', typedNumber),
  plain('waitLimit', typedNumber),
  plain('acknowledgementLimit', typedNumber),
  plain('policies.default'),
  plain('retention.changes', typedNumber),
  plain('retention.reports', typedNumber),
  plain('retention.conflicts', typedNumber),
  BANDWIDTH_SETTING,
  ...MAIL_SETTINGS,
]);
const HUB_SETTINGS: ReadonlyMap<string, TypedSetting> = new Map([
  plain('hub.port', typedNumber),
  plain('hub.address'),
  plain('hub.passivePorts.from', typedNumber),
  plain('hub.passivePorts.to', typedNumber),
  plain('hub.pairingDays', typedNumber),
]);

/** Whether a setting's value must not be shown again once it was typed. */
export const isSecret = (key: string): boolean => COMMON_SETTINGS.get(key)?.secret === true;

/**
 * New settings with one value changed, as typed on the command line; `policies.tables.<table>` takes `default` to
 * follow the others again, and at the hub `additive.<table>` a list of columns, or `none`. Throws `settings.unknownKey` {key, known} or a SettingsError.
 */
export function setSetting(settings: Settings, key: string, value: string): Settings {
  if (key.startsWith(TABLE_POLICY) && key.length > TABLE_POLICY.length)
    return setTablePolicy(settings, key.slice(TABLE_POLICY.length), value);
  const table = additiveTable(key);
  if (table !== null && settings.hub !== null) return setAdditive(settings, key, table, value);
  const known = new Map([...COMMON_SETTINGS, ...(settings.hub === null ? [] : HUB_SETTINGS)]);
  const setting = known.get(key);
  if (setting === undefined) {
    const hubOnly = settings.hub === null ? [] : [`${ADDITIVE}<table>`];
    const all = [...known.keys(), `${TABLE_POLICY}<table>`, ...hubOnly].join(', ');
    throw new SyncError('settings.unknownKey', { params: { key, known: all } });
  }
  const { path, parse } = setting;
  try {
    return resolveSettings(withValue(settings, path, parse(value)));
  } catch (error) {
    if (error instanceof SettingsError) throw asTyped(error, key, path.join('.'));
    throw error;
  }
}

/** A fault in the midst of a value is told of the key that was typed. */
function asTyped({ faults }: SettingsError, key: string, path: string): SettingsError {
  return new SettingsError(
    faults.map((fault) => (`${fault.path}.`.startsWith(`${path}.`) ? { ...fault, path: key } : fault)),
  );
}

function setTablePolicy(settings: Settings, table: string, value: string): Settings {
  const others = Object.entries(settings.policies.tables).filter(([name]) => name !== table);
  const tables = Object.fromEntries(value === 'default' ? others : [...others, [table, value]]);
  return resolveSettings({ ...settings, policies: { ...settings.policies, tables } });
}

function setAdditive(settings: Settings, key: string, table: string, value: string): Settings {
  const others = Object.entries(settings.additive).filter(([name]) => name !== table);
  const columns = value === 'none' ? [] : typedColumns(value);
  const additive = Object.fromEntries(columns.length === 0 ? others : [...others, [table, columns]]);
  try {
    return resolveSettings({ ...settings, additive });
  } catch (error) {
    if (error instanceof SettingsError) throw asTyped(error, key, `additive.${table}`);
    throw error;
  }
}

/** `quantity, reserved`: names may have spaces, but no comma. */
const typedColumns = (typed: string): string[] =>
  typed
    .split(',')
    .map((column) => column.trim())
    .filter((column) => column !== '');

function withValue(options: object, path: readonly string[], value: unknown): object {
  const [name = '', ...rest] = path;
  if (rest.length === 0) return { ...options, [name]: value };
  const inner = Object.entries(options).find(([key]) => key === name)?.[1] as unknown;
  return { ...options, [name]: withValue(isObject(inner) ? inner : {}, rest, value) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
