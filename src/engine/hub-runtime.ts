import type { DataFolder } from '../config/data-folder';
import { loadSettings, type Settings } from '../config/settings';
import type { Database } from '../database/port';
import { Deadline } from '../session/deadline';
import { HubSession } from '../session/hub';
import { HubFolder, type HubSite } from '../session/hub-folder';
import { mergedBatches } from '../session/merged-batches';
import type { SessionEnvironment, Step } from '../session/session';
import type { HubServer, HubServerEvents, HubStatus, StoredFile } from '../transport/port';
import type { Blocking, Reception } from './contract';
import type { Parts, ServerOptions } from './parts';
import { Receptions } from './receptions';
import { allowList } from '../transport/allow-list';
import { MINUTE, RETENTION, type Runtime, type SessionRequest } from './runtime';

export interface HubEvents extends Pick<HubServerEvents, 'stateChanged' | 'blockedChanged'> {
  /** An upload advances, or has ended. */
  readonly receiving: () => void;
  /** A site asks for a session outside the schedule. */
  readonly onRequest: () => void;
}

/** What the engine does at a hub: the FTP server, what it tells the sites, and the sessions. */
export class HubRuntime implements Runtime {
  readonly #parts: Parts;
  #settings: Settings;
  readonly #paths: DataFolder;
  readonly #folder: HubFolder;
  readonly #events: HubEvents;
  readonly #receptions: Receptions;
  #server: HubServer | null = null;
  /** The reception under way; null outside it. */
  #reception: Deadline | null = null;
  /** What sites are told, but for what lies on disk: kept here, for the database is open only during a session. */
  #merged: ReadonlyMap<number, number> = new Map();
  #round = 0;
  /** Sites that asked for a session that has not been held since. */
  readonly #requests = new Set<number>();
  /** Sites that have sent all they have and wait for a round that has not been published since. */
  readonly #waiting = new Set<number>();
  /** When each site last looked whether its round is there: one that no longer looks no longer waits. */
  readonly #seen = new Map<number, number>();
  /** Sites that wait for the round of the session under way. */
  readonly #served = new Set<number>();
  /** Someone waited for the round of the session under way. */
  #fruitful = false;
  #arrivals: (() => void)[] = [];
  /** A file was stored that no wait has seen: it may have come while the session looked elsewhere. */
  #arrived = false;

  constructor(parts: Parts, settings: Settings, paths: DataFolder, events: HubEvents) {
    this.#parts = parts;
    this.#settings = settings;
    this.#paths = paths;
    this.#folder = new HubFolder(paths.sites, paths.rounds);
    this.#events = events;
    this.#receptions = new Receptions(parts.clock);
  }

  get server(): HubServer | null {
    return this.#server;
  }

  async start(): Promise<void> {
    if (this.#server?.state.active === true) return;
    this.#server ??= await this.#createServer();
    await this.#refresh();
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  configure(settings: Settings): void {
    this.#settings = settings;
  }

  /** Uploads under way. */
  receptions(): readonly Reception[] {
    const sites = this.#activeSites();
    return this.#receptions.list((site) => sites.find(({ number }) => number === site)?.name ?? String(site));
  }

  /** When each site was last seen by this server, milliseconds since 1970, UTC. */
  seenAt(site: number): number | null {
    return this.#seen.get(site) ?? null;
  }

  /** Whether sites asked for a session that none has answered. */
  get requested(): boolean {
    return this.#requests.size > 0;
  }

  makeSteps(
    settings: Settings,
    database: Database,
    request: SessionRequest,
    environment: SessionEnvironment,
  ): readonly Step[] {
    this.#settings = settings;
    const { clock, application } = this.#parts;
    const { installation, receptionLimit, acknowledgementLimit, policies } = this.#settings;
    const sites = this.#activeSites();
    const asked = request.trigger === 'request';
    const reception = new Deadline(clock, receptionLimit * MINUTE);
    request.deadlines.push(reception);
    this.#reception = reception;
    return new HubSession({
      ...environment,
      database,
      folder: this.#folder,
      installation: { id: installation, role: 'hub' },
      application,
      sites,
      expected: () => (asked ? sites.filter(({ number }) => this.#requests.has(number)) : sites),
      grace: asked ? new Deadline(clock, REQUEST_GRACE) : null,
      policies,
      reception,
      acknowledgement: () => {
        const deadline = new Deadline(clock, acknowledgementLimit * MINUTE);
        request.deadlines.push(deadline);
        return deadline;
      },
      openServer: () => this.start(),
      arrival: (milliseconds, signal) => this.#arrival(milliseconds, signal),
      onChanged: () => this.#readDatabase(database),
      waits: ({ number }) => this.#waits(number),
      onReceived: (waiting) => {
        this.#reception = null;
        this.#fruitful = waiting.length > 0;
        for (const { number } of waiting) {
          this.#served.add(number);
          this.#requests.delete(number);
        }
      },
      retention: RETENTION,
    }).steps;
  }

  ended(): void {
    this.#reception = null;
    // A session that received nothing, or failed, must not be begun again and again for the same question.
    if (!this.#fruitful) this.#requests.clear();
    this.#fruitful = false;
    this.#served.clear();
  }

  async #createServer(): Promise<HubServer> {
    const { hub } = this.#settings;
    if (hub === null) throw new Error('settings of a hub have a hub part');
    const certificate = hub.tls ? await this.#parts.certificate(this.#paths.tls) : null;
    return this.#parts.createServer({
      port: hub.port,
      publicAddress: hub.address,
      passivePorts: hub.passivePorts,
      tls: certificate,
      sitesFolder: this.#paths.sites,
      roundsFolder: this.#paths.rounds,
      blockedFile: this.#paths.blocked,
      blocking: rulesOf(hub.blocking),
      // Read anew at each login: a site that was just added need not wait for a restart.
      accounts: async () =>
        (await loadSettings(this.#paths.folder)).hub?.sites.filter(({ active }) => active) ?? [],
      status: (site) => this.#status(site),
      events: {
        stateChanged: (state) => this.#events.stateChanged(state),
        blockedChanged: () => this.#events.blockedChanged(),
        stored: (file) => this.#onStored(file),
        receiving: (transfer) => {
          this.#receptions.advanced(transfer);
          this.#events.receiving();
        },
      },
    });
  }

  #onStored(file: StoredFile): void {
    this.#receptions.ended(file.site);
    this.#events.receiving();
    if (file.kind === 'batch') {
      // It has more than the session under way received, and will ask again.
      this.#waiting.delete(file.site);
      this.#served.delete(file.site);
    }
    if (file.kind === 'waiting' || file.kind === 'request') this.#waiting.add(file.site);
    this.#arrived = true;
    for (const wake of this.#arrivals.splice(0)) wake();
    // Its batch is in the session already: it asked for nothing more.
    if (file.kind !== 'request' || this.#served.has(file.site)) return;
    this.#requests.add(file.site);
    this.#events.onRequest();
  }

  #waits(site: number): boolean {
    const seen = this.#seen.get(site) ?? 0;
    return this.#waiting.has(site) && this.#parts.clock.now() - seen < WAITING_LIMIT;
  }

  #activeSites(): HubSite[] {
    return (this.#settings.hub?.sites ?? [])
      .filter(({ active }) => active)
      .map(({ number, name }) => ({ number, name }))
      .sort((a, b) => a.number - b.number);
  }

  async #status(site: number): Promise<HubStatus> {
    const name = this.#activeSites().find(({ number }) => number === site)?.name ?? '';
    const merged = this.#merged.get(site) ?? 0;
    this.#seen.set(site, this.#parts.clock.now());
    return {
      time: this.#parts.clock.now(),
      application: this.#parts.application,
      protocol: 1,
      session: this.#reception === null ? null : { deadline: this.#reception.end },
      round: this.#round,
      site: {
        number: site,
        name,
        merged,
        received: (await this.#folder.received(site)).filter((batch) => batch > merged),
        acknowledged: await this.#folder.acknowledged(site),
        waiting: this.#waiting.has(site),
      },
    };
  }

  /** Resolves at the next file stored since it last resolved, or after `milliseconds`. */
  async #arrival(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#arrived) {
      this.#arrived = false;
      return;
    }
    const stop = new AbortController();
    const woken = new Promise<void>((resolve) => this.#arrivals.push(resolve));
    const passed = this.#parts.clock.delay(
      Math.min(milliseconds, LONGEST_WAIT),
      AbortSignal.any([signal, stop.signal]),
    );
    try {
      await Promise.race([woken, passed]);
    } finally {
      stop.abort();
      await passed.catch(() => undefined);
    }
    this.#arrived = false;
  }

  async #refresh(): Promise<void> {
    const database = await this.#parts.openDatabase(this.#settings.database);
    try {
      if ((await database.state()) !== null) await this.#readDatabase(database);
    } finally {
      await database.close();
    }
  }

  async #readDatabase(database: Database): Promise<void> {
    this.#merged = await mergedBatches(database);
    const round = await this.#folder.lastRound();
    if (round > this.#round) for (const site of this.#served) this.#waiting.delete(site);
    this.#round = round;
  }
}

function rulesOf({ threshold, windowMinutes, durationMinutes, allow }: Blocking): ServerOptions['blocking'] {
  return {
    threshold,
    windowMilliseconds: windowMinutes * MINUTE,
    durationMilliseconds: durationMinutes === 0 ? null : durationMinutes * MINUTE,
    allows: allowList(allow),
  };
}

/** Establishments told to synchronise at the same time do not ask in the same second, milliseconds. */
const REQUEST_GRACE = 5_000;

/** A site that waits looks every second; after this long without a look it is gone, milliseconds. */
const WAITING_LIMIT = 15_000;

/** RAZ can move the end of a wait, so none is longer than this, milliseconds. */
const LONGEST_WAIT = 5_000;
