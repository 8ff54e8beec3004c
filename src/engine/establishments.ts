import { stat } from 'node:fs/promises';
import { loadSettings, type Settings } from '../config/settings';
import { inboxFolder } from '../transport/names';
import type { PairingCode, SiteLine } from './contract';
import type { Guard } from './guard';
import type { Sessions } from './sessions';
import {
  addAccount,
  hubOf,
  renameAccount,
  renewAccount,
  retireAccount,
  type AccessOptions,
  type NewAccess,
} from './site-accounts';
import type { Workplace } from './workplace';

/** The hub's establishments, for the screens. */
export class Establishments {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  readonly #guard: Guard;

  constructor(place: Workplace, sessions: Sessions, guard: Guard) {
    this.#place = place;
    this.#sessions = sessions;
    this.#guard = guard;
  }

  async list(): Promise<SiteLine[]> {
    const { sites } = hubOf(await this.#settings());
    return Promise.all(
      sites.map(async (site) => ({
        number: site.number,
        name: site.name,
        active: site.active,
        lastSeen: await this.#lastSeen(site.number),
        code: this.#place.hub?.codeOf(site) ?? null,
      })),
    );
  }

  add(name: string): Promise<PairingCode> {
    return this.#give((settings, options) => addAccount(settings, name, options));
  }

  async renew(number: number): Promise<PairingCode> {
    const pairing = await this.#give((settings, options) => renewAccount(settings, number, options));
    this.#place.hub?.server?.disconnect(number);
    return pairing;
  }

  async rename(number: number, name: string): Promise<void> {
    this.#guard.require();
    await this.#change((settings) => renameAccount(settings, number, name));
  }

  async retire(number: number): Promise<void> {
    this.#guard.require();
    this.#sessions.refuseDuring();
    await this.#change((settings) => retireAccount(settings, number));
    this.#place.hub?.server?.disconnect(number);
  }

  #change(work: (settings: Settings) => Settings): Promise<void> {
    return this.#place.change(async () => this.#place.save(work(await this.#settings())));
  }

  async #give(work: (settings: Settings, options: AccessOptions) => NewAccess): Promise<PairingCode> {
    this.#guard.require();
    const { parts, paths } = this.#place;
    return this.#place.change(async () => {
      const before = await this.#settings();
      const fingerprint = hubOf(before).tls ? (await parts.certificate(paths.tls)).fingerprint : null;
      const { settings, pairing } = work(before, { fingerprint, now: parts.clock.now() });
      await this.#place.save(settings);
      return pairing;
    });
  }

  /** The server forgets with the program; what a site left here last does not. */
  async #lastSeen(site: number): Promise<string | null> {
    const { sites } = this.#place.paths;
    const folders = ['batches', 'acks'].map((inbox) =>
      stat(inboxFolder(sites, site, inbox === 'acks' ? 'acks' : 'batches')).then(
        // A folder that was only made with its site says nothing: its birth is its last change then.
        ({ mtimeMs, birthtimeMs }) => (mtimeMs - birthtimeMs > 1 ? mtimeMs : 0),
        () => 0,
      ),
    );
    const at = Math.max(this.#place.hub?.seenAt(site) ?? 0, ...(await Promise.all(folders)));
    return at === 0 ? null : new Date(at).toISOString();
  }

  #settings(): Promise<Settings> {
    return loadSettings(this.#place.paths.folder);
  }
}
