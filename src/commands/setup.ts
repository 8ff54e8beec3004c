import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dataFolder, lockDataFolder } from '../config/data-folder';
import { withoutPassword } from '../config/database-address';
import {
  additiveTable,
  isSecret,
  loadSettings,
  newSettings,
  resolveDatabase,
  saveSettings,
  setSetting,
  type Settings,
} from '../config/settings';
import { additiveFaults } from '../engine/additive-faults';
import { paired } from '../engine/pairing';
import { inherited } from '../engine/inheritance';
import {
  addAccount,
  hubOf,
  numberOf,
  renewAccount,
  type AccessOptions,
  type NewAccess,
} from '../engine/site-accounts';
import { SyncError } from '../shared/errors';
import { answer, EXIT, type CommandContext } from './context';

export interface InitOptions {
  readonly role: string;
  readonly name: string;
  readonly database: string;
  readonly port?: string;
  readonly address?: string;
}

/** Makes the settings of a new data folder; one that has settings is left alone. */
export async function init(context: CommandContext, options: InitOptions): Promise<number> {
  await mkdir(context.folder, { recursive: true });
  const existing = await loadSettings(context.folder).catch(() => null);
  if (existing !== null) throw new SyncError('settings.exists', { params: { folder: context.folder } });
  const settings = newSettings({
    installation: randomUUID(),
    role: options.role,
    name: options.name,
    database: resolveDatabase(options.database, process.cwd()),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.address === undefined ? {} : { address: options.address }),
  });
  const opened = await context.parts.openDatabase(settings.database);
  await saveSettings(context.folder, await inherited(settings, opened).finally(() => opened.close()));
  const { role, name } = settings;
  answer(context, { folder: context.folder, role, name }, [
    context.translate('cli.init.done', { role: context.translate(`role.${role}`), name }),
    context.translate('cli.init.next'),
  ]);
  return EXIT.complete;
}

/** Adds an establishment at the hub and prints the pairing code that it pastes. */
export const addSite = (context: CommandContext, name: string): Promise<number> =>
  give(context, (settings, options) => addAccount(settings, name, options));

/** A new code for an establishment, whose former one and password open nothing any more. */
export const renewSite = (context: CommandContext, name: string): Promise<number> =>
  give(context, (settings, options) => renewAccount(settings, numberOf(settings, name), options));

async function give(
  context: CommandContext,
  access: (settings: Settings, options: AccessOptions) => NewAccess,
): Promise<number> {
  const before = await loadSettings(context.folder);
  const fingerprint = hubOf(before).tls
    ? (await context.parts.certificate(dataFolder(context.folder).tls)).fingerprint
    : null;
  const now = context.parts.clock.now();
  const { settings, pairing } = access(before, { fingerprint, now });
  await saveSettings(context.folder, settings);
  const { name, code, expiresAt } = pairing;
  answer(context, pairing, [code]);
  if (!context.json) context.tell(context.translate('cli.sites.added', { name, expiresAt }));
  return EXIT.complete;
}

export async function listSites(context: CommandContext): Promise<number> {
  const hub = hubOf(await loadSettings(context.folder));
  const sites = hub.sites.map(({ number, name, active }) => ({ number, name, active }));
  answer(
    context,
    { sites },
    sites.map(({ number, name }) => `${String(number)}\t${name}`),
  );
  return EXIT.complete;
}

/** Takes a hub's pairing code: all that this site's connection needs. */
export async function pair(context: CommandContext, code: string): Promise<number> {
  const { site, ...settings } = paired(await loadSettings(context.folder), code);
  const lock = await lockDataFolder(context.folder);
  try {
    await saveSettings(context.folder, { ...settings, site });
  } finally {
    lock.release();
  }
  const { number, host, port } = site;
  answer(context, { site: number, host, port }, [context.translate('cli.pair.done', { host, port })]);
  return EXIT.complete;
}

export async function set(context: CommandContext, key: string, value: string): Promise<number> {
  const settings: Settings = setSetting(await loadSettings(context.folder), key, value);
  if (additiveTable(key) !== null) await checkAdditive(context, settings, key);
  await saveSettings(context.folder, settings);
  const shown = { key, value: isSecret(key) ? '•••' : withoutPassword(value) };
  answer(context, shown, [context.translate('cli.set.done', shown)]);
  return EXIT.complete;
}

/** What is no number of the table is told now, and not by the first session that cannot count it. */
async function checkAdditive(context: CommandContext, settings: Settings, key: string): Promise<void> {
  const database = await context.parts.openDatabase(settings.database);
  try {
    const fault = (await additiveFaults(database, settings.additive)).find(({ path }) => path === key);
    if (fault !== undefined) throw new SyncError('settings.additive', { params: fault.params });
  } finally {
    await database.close();
  }
}
