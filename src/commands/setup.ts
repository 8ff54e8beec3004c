import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dataFolder, lockDataFolder } from '../config/data-folder';
import {
  isSecret,
  loadSettings,
  newSettings,
  resolveDatabase,
  saveSettings,
  setSetting,
  type Settings,
} from '../config/settings';
import { SyncError } from '../shared/errors';
import { decodePairing, encodePairing } from '../transport/pairing';
import { hashSecret, newSiteSecret } from '../transport/secrets';
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
  await (await context.parts.openDatabase(settings.database)).close();
  await saveSettings(context.folder, settings);
  const { role, name } = settings;
  answer(context, { folder: context.folder, role, name }, [
    context.translate('cli.init.done', { role: context.translate(`role.${role}`), name }),
    context.translate('cli.init.next'),
  ]);
  return EXIT.complete;
}

/** Adds an establishment at the hub and prints the pairing code that it pastes. */
export async function addSite(context: CommandContext, name: string): Promise<number> {
  const settings = await loadSettings(context.folder);
  const { hub } = settings;
  if (hub === null) throw new SyncError('settings.notAHub');
  if (hub.sites.some((site) => site.active && site.name === name)) {
    throw new SyncError('settings.siteExists', { params: { name } });
  }
  const number = Math.max(0, ...hub.sites.map((site) => site.number)) + 1;
  const secret = newSiteSecret();
  const user = `site-${String(number)}`;
  const secretHash = await hashSecret(secret);
  const fingerprint = hub.tls
    ? (await context.parts.certificate(dataFolder(context.folder).tls)).fingerprint
    : null;
  const sites = [...hub.sites, { number, name, user, secretHash, active: true }];
  await saveSettings(context.folder, { ...settings, hub: { ...hub, sites } });
  const code = encodePairing({
    host: hub.address,
    port: hub.port,
    fingerprint,
    site: number,
    name,
    user,
    secret,
  });
  answer(context, { code, site: number, name }, [code]);
  if (!context.json) context.tell(context.translate('cli.sites.added', { name }));
  return EXIT.complete;
}

export async function listSites(context: CommandContext): Promise<number> {
  const { hub } = await loadSettings(context.folder);
  if (hub === null) throw new SyncError('settings.notAHub');
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
  const settings = await loadSettings(context.folder);
  if (settings.role !== 'site') throw new SyncError('settings.notASite');
  const { host, port, fingerprint, site: number, user, secret } = decodePairing(code);
  const lock = await lockDataFolder(context.folder);
  try {
    await saveSettings(context.folder, {
      ...settings,
      site: { number, host, port, fingerprint, user, secret },
    });
  } finally {
    lock.release();
  }
  answer(context, { site: number, host, port }, [context.translate('cli.pair.done', { host, port })]);
  return EXIT.complete;
}

export async function set(context: CommandContext, key: string, value: string): Promise<number> {
  const settings: Settings = setSetting(await loadSettings(context.folder), key, value);
  await saveSettings(context.folder, settings);
  const shown = { key, value: isSecret(key) ? '•••' : value };
  answer(context, shown, [context.translate('cli.set.done', shown)]);
  return EXIT.complete;
}
