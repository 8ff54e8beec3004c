import type { DataFolder } from '../config/data-folder';
import type { Settings } from '../config/settings';
import type { Database } from '../database/port';
import { SyncError } from '../shared/errors';
import { limitAt } from '../schedule/bandwidth';
import { Deadline } from '../session/deadline';
import type { SessionEnvironment, Step } from '../session/session';
import { SiteSession } from '../session/site';
import type { HubLink, HubProbe } from '../transport/port';
import type { LinkOptions, Parts } from './parts';
import { MINUTE, retentionOf, type Runtime, type SessionRequest } from './runtime';

/** Between two looks at the hub while a site waits for its round, milliseconds. */
const POLL_INTERVAL = 1_000;

type PairedSite = NonNullable<Settings['site']>;

/** Keeps what a line to this hub has taught. */
export type Learn = (paired: PairedSite, changes: Partial<PairedSite>) => Promise<void>;

/** What the engine does at a site: sessions over a link to the hub. */
export class SiteRuntime implements Runtime {
  readonly #parts: Parts;
  #settings: Settings;
  readonly #paths: DataFolder;
  readonly #learn: Learn;
  #link: HubLink | null = null;

  constructor(parts: Parts, settings: Settings, paths: DataFolder, learn: Learn) {
    this.#parts = parts;
    this.#settings = settings;
    this.#paths = paths;
    this.#learn = learn;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.ended();
    return Promise.resolve();
  }

  configure(settings: Settings): void {
    this.#settings = settings;
  }

  makeSteps(
    settings: Settings,
    database: Database,
    request: SessionRequest,
    environment: SessionEnvironment,
  ): readonly Step[] {
    this.#settings = settings;
    const { clock, application } = this.#parts;
    const deadline = new Deadline(clock, this.#settings.waitLimit * MINUTE);
    request.deadlines.push(deadline);
    this.#link = this.openLink();
    return new SiteSession({
      ...environment,
      database,
      link: this.#link,
      installation: { id: this.#settings.installation, role: 'site' },
      application,
      recover: request.recover,
      site: this.#paired().number,
      outbox: this.#paths.outbox,
      inbox: this.#paths.inbox,
      manual: request.trigger === 'manual' || request.late,
      deadline,
      pollInterval: POLL_INTERVAL,
      retention: retentionOf(this.#settings),
    }).steps;
  }

  /** A line of its own to the hub. */
  openLink(): HubLink {
    return this.#parts.createLink(this.#linkOptions());
  }

  openProbe(): HubProbe {
    return this.#parts.createProbe(this.#linkOptions());
  }

  ended(): void {
    this.#link?.close();
    this.#link = null;
  }

  #linkOptions(): LinkOptions {
    const paired = this.#paired();
    return {
      ...paired,
      // As the settings are when it is asked: they may change during a transfer.
      limitAt: (now) => limitAt(this.#settings.bandwidth, this.#settings.schedule.timeZone, now),
      memory: {
        secretTaken: () => this.#learn(paired, { code: null }),
        certificateAnnounced: (nextFingerprint) => this.#learn(paired, { nextFingerprint }),
        certificateRenewed: (fingerprint) => this.#learn(paired, { fingerprint, nextFingerprint: null }),
      },
    };
  }

  #paired(): PairedSite {
    if (this.#settings.site === null) throw new SyncError('settings.notPaired');
    return this.#settings.site;
  }
}
