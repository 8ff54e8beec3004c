import type { Settings } from '../config/settings';
import { SyncError } from '../shared/errors';
import { encodePairing } from '../transport/pairing';
import { hashSecret, newSiteSecret } from '../transport/secrets';
import type { Establishment } from '../database/port';
import type { PairingCode } from './contract';

type Hub = NonNullable<Settings['hub']>;
type Account = Hub['sites'][number];

/** Settings with one establishment changed, and the code that it pastes. */
export interface NewAccess {
  readonly settings: Settings;
  readonly pairing: PairingCode;
}

export interface AccessOptions {
  /** Of the hub's certificate; null where encryption is turned off. */
  readonly fingerprint: string | null;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

/** An establishment to which nothing is open yet. */
export const accountOf = ({ number, name, active }: Establishment): Account => ({
  ...{ number, name, active },
  user: `site-${String(number)}`,
  secretHash: null,
  code: null,
});

/**
 * A new establishment; one that the database remembered, and that has no code yet, goes on under its number. Throws
 * `settings.notAHub` or `settings.siteExists`.
 */
export function addAccount(settings: Settings, name: string, options: AccessOptions): NewAccess {
  const hub = hubOf(settings);
  const remembered = hub.sites.find((site) => site.active && site.name === name.trim() && !isOpen(site));
  if (remembered !== undefined) return renewAccount(settings, remembered.number, options);
  refuseTwice(hub, name, null);
  const number = Math.max(0, ...hub.sites.map((site) => site.number)) + 1;
  const account = accountOf({ number, name: name.trim(), active: true });
  const grown = { ...settings, hub: { ...hub, sites: [...hub.sites, account] } };
  return renewAccount(grown, number, options);
}

/** A new code for an establishment, whose former secrets open nothing any more. One that was retired is back. */
export function renewAccount(
  settings: Settings,
  number: number,
  { fingerprint, now }: AccessOptions,
): NewAccess {
  const hub = hubOf(settings);
  const { name, user } = existing(hub, number);
  refuseTwice(hub, name, number);
  const secret = newSiteSecret();
  const { address: host, port, pairingDays } = hub;
  const expiresAt = new Date(now + pairingDays * DAY).toISOString();
  const code = { hash: hashSecret(secret), expiresAt };
  const line = encodePairing({ host, port, fingerprint, site: number, name, user, secret });
  return {
    settings: withAccount(settings, number, { secretHash: null, code, active: true }),
    pairing: { site: number, name, code: line, expiresAt },
  };
}

const DAY = 86_400_000;

export function renameAccount(settings: Settings, number: number, name: string): Settings {
  refuseTwice(hubOf(settings), name, number);
  return withAccount(settings, number, { name: name.trim() });
}

export const retireAccount = (settings: Settings, number: number): Settings =>
  withAccount(settings, number, { active: false });

/** Of the active establishment of this name, else of a retired one. Throws `settings.nameUnknown` {name}. */
export function numberOf(settings: Settings, name: string): number {
  const named = hubOf(settings).sites.filter((site) => site.name === name.trim());
  const site = named.find(({ active }) => active) ?? named[0];
  if (site === undefined) throw new SyncError('settings.nameUnknown', { params: { name } });
  return site.number;
}

/** Throws `settings.notAHub`. */
export function hubOf({ hub }: Settings): Hub {
  if (hub === null) throw new SyncError('settings.notAHub');
  return hub;
}

function withAccount(settings: Settings, number: number, changes: Partial<Account>): Settings {
  const hub = hubOf(settings);
  existing(hub, number);
  const sites = hub.sites.map((site) => (site.number === number ? { ...site, ...changes } : site));
  return { ...settings, hub: { ...hub, sites } };
}

/** Whether anything opens the hub to it. */
export const isOpen = ({ secretHash, code }: Account): boolean => secretHash !== null || code !== null;

function existing({ sites }: Hub, number: number): Account {
  const account = sites.find((site) => site.number === number);
  if (account === undefined) throw new SyncError('settings.siteUnknown', { params: { number } });
  return account;
}

/** Reports and conflicts name establishments by their names: two of the same could not be told apart. */
function refuseTwice({ sites }: Hub, name: string, but: number | null): void {
  const wanted = name.trim();
  if (sites.some((site) => site.active && site.number !== but && site.name === wanted))
    throw new SyncError('settings.siteExists', { params: { name: wanted } });
}
