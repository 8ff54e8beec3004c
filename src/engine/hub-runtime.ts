import type { DataFolder } from '../config/data-folder';
import { loadSettings, type Settings } from '../config/settings';
import type { Database } from '../database/port';
import { Deadline } from '../session/deadline';
import { HubSession } from '../session/hub';
import { HubFolder, type HubSite } from '../session/hub-folder';
import type { SessionEnvironment, Step } from '../session/session';
import type { HubServer, HubServerEvents, HubStatus, StoredFile } from '../transport/port';
import type { Blocking, Reception, SiteLine } from './contract';
import type { Parts, RenewedHubCertificate, ServerOptions } from './parts';
import { HubAnswers } from './hub-answers';
import { HubBulletin } from './hub-bulletin';
import { Receptions } from './receptions';
import { SiteLogins } from './site-logins';
import { Attendance } from './attendance';
import { allowList } from '../transport/allow-list';
import { MINUTE, retentionOf, type Runtime, type SessionRequest } from './runtime';

export interface HubEvents extends Pick<HubServerEvents, 'stateChanged' | 'blockedChanged'> {
  /** An upload advances, or has ended. */
  readonly receiving: () => void;
  /** A site asks for a session outside the schedule. */
  readonly onRequest: () => void;
  /** A site begins to compare its tables with the hub's. */
  readonly onCompare: (site: string) => void;
  /** A site has compared so much that it gets no answer for a day. */
  readonly onTooMuchCompared: (site: string) => void;
  /** A site asks for a snapshot. */
  readonly onSnapshotRequest: () => void;
  /** A site has come with its pairing code, and has a secret of its own since. */
  readonly onLinked: (site: string) => void;
  /** Someone came with a pairing code that was used before, or too late. */
  readonly onCodeRefused: (site: string, state: 'used' | 'expired') => void;
  /** The next certificate is announced, or has taken the place of the former. `until`: the end of the present one. */
  readonly onCertificate: (change: 'announced' | 'renewed', until: string) => void;
}

/** What the engine does at a hub: the FTP server, what it tells the sites, and the sessions. */
export class HubRuntime implements Runtime {
  readonly #parts: Parts;
  #settings: Settings;
  readonly #paths: DataFolder;
  readonly #folder: HubFolder;
  readonly bulletin: HubBulletin;
  readonly #events: HubEvents;
  readonly #receptions: Receptions;
  readonly #attendance: Attendance;
  readonly #answers: HubAnswers;
  readonly #logins: SiteLogins;
  #server: HubServer | null = null;
  /** Null where encryption is turned off by hand. */
  #certificate: RenewedHubCertificate | null = null;
  /** Starts come one after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** The reception under way; null outside it. */
  #reception: Deadline | null = null;

  constructor(parts: Parts, settings: Settings, paths: DataFolder, events: HubEvents) {
    this.#parts = parts;
    this.#settings = settings;
    this.#paths = paths;
    this.#folder = new HubFolder(paths.sites, paths.rounds);
    this.bulletin = new HubBulletin(this.#folder);
    this.#events = events;
    this.#receptions = new Receptions(parts.clock);
    this.#attendance = new Attendance(parts.clock);
    this.#logins = new SiteLogins({
      file: paths.logins,
      clock: parts.clock,
      onLinked: (site) => events.onLinked(this.#nameOf(site)),
      onRefused: (site, state) => events.onCodeRefused(this.#nameOf(site), state),
    });
    this.#answers = new HubAnswers({
      sitesFolder: paths.sites,
      application: parts.application,
      clock: parts.clock,
      openDatabase: () => parts.openDatabase(this.#settings.database),
      onBegin: (site) => events.onCompare(this.#nameOf(site)),
      onTooMuch: (site) => events.onTooMuchCompared(this.#nameOf(site)),
    });
  }

  get server(): HubServer | null {
    return this.#server;
  }

  /** Also where the server is up: each session is an occasion to see whether its certificate nears its end. */
  start(): Promise<void> {
    const started = this.#turn.then(() => this.#start());
    this.#turn = started.catch(() => undefined);
    return started;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await this.#answers.stop();
  }

  configure(settings: Settings): void {
    this.#settings = settings;
  }

  /** Uploads under way. */
  receptions(): readonly Reception[] {
    return this.#receptions.list((site) => this.#nameOf(site));
  }

  /** When each site was last seen by this server, milliseconds since 1970, UTC. */
  seenAt(site: number): number | null {
    return this.#attendance.seenAt(site);
  }

  /** A site's pairing code, while nobody has used it. */
  codeOf(account: NonNullable<Settings['hub']>['sites'][number]): SiteLine['code'] {
    const { code } = this.#logins.account(account);
    if (!account.active || account.code === null) return null;
    if (code === undefined || code === null || code.state === 'used') return null;
    return { expired: code.state === 'expired', expiresAt: account.code.expiresAt };
  }

  /** Whether sites asked for a session that none has answered. */
  get requested(): boolean {
    return this.#attendance.requested;
  }

  makeSteps(
    settings: Settings,
    database: Database,
    request: SessionRequest,
    environment: SessionEnvironment,
  ): readonly Step[] {
    this.#settings = settings;
    const { clock, application } = this.#parts;
    const { installation, receptionLimit, acknowledgementLimit, policies, additive } = this.#settings;
    const sites = this.#sites(true);
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
      recover: request.recover,
      sites,
      retired: this.#sites(false),
      expected: () => (asked ? sites.filter(({ number }) => this.#attendance.hasAsked(number)) : sites),
      grace: asked ? new Deadline(clock, REQUEST_GRACE) : null,
      policies,
      additive,
      reception,
      acknowledgement: () => {
        const deadline = new Deadline(clock, acknowledgementLimit * MINUTE);
        request.deadlines.push(deadline);
        return deadline;
      },
      openServer: () => this.start(),
      arrival: (milliseconds, signal) => this.#attendance.arrival(milliseconds, signal),
      onChanged: () => this.#readDatabase(database),
      waits: ({ number }) => this.#attendance.waits(number),
      onReceived: (waiting) => {
        this.#reception = null;
        this.#attendance.received(waiting);
      },
      retention: retentionOf(this.#settings),
    }).steps;
  }

  ended(): void {
    this.#reception = null;
    this.#attendance.ended();
  }

  async #start(): Promise<void> {
    await this.#renewCertificate();
    if (this.#server?.state.active === true) return;
    this.#server ??= await this.#createServer();
    await this.#refresh();
    await this.#server.start();
  }

  /** A server that shows a former certificate is made anew: sites under way go on where its end has cut them. */
  async #renewCertificate(): Promise<void> {
    if (this.#settings.hub?.tls !== true) return;
    const before = this.#certificate?.fingerprint;
    this.#certificate = await this.#parts.renewCertificate(this.#paths.tls, this.#parts.clock.now());
    const { change, fingerprint, until } = this.#certificate;
    if (change !== null) this.#events.onCertificate(change, until);
    if (before === fingerprint) return;
    await this.#server?.stop();
    this.#server = null;
  }

  async #createServer(): Promise<HubServer> {
    const { hub } = this.#settings;
    if (hub === null) throw new Error('settings of a hub have a hub part');
    await this.#logins.load();
    return this.#parts.createServer({
      port: hub.port,
      publicAddress: hub.address,
      passivePorts: hub.passivePorts,
      tls: this.#certificate,
      sitesFolder: this.#paths.sites,
      roundsFolder: this.#paths.rounds,
      snapshotsFolder: this.#paths.snapshots,
      blockedFile: this.#paths.blocked,
      blocking: rulesOf(hub.blocking),
      // Read anew at each login: a site that was just added need not wait for a restart.
      accounts: async () => {
        const { hub } = await loadSettings(this.#paths.folder);
        const active = hub?.sites.filter((site) => site.active) ?? [];
        return active.map((site) => this.#logins.account(site));
      },
      secrets: this.#logins,
      status: (site) => this.#status(site),
      events: {
        stateChanged: (state) => this.#events.stateChanged(state),
        blockedChanged: () => this.#events.blockedChanged(),
        heard: (site) => this.#attendance.heard(site),
        stored: (file) => this.#onStored(file),
        receiving: (transfer) => {
          this.#receptions.advanced(transfer);
          this.#events.receiving();
        },
      },
    });
  }

  #onStored(file: StoredFile): void {
    if (file.kind === 'question') {
      this.#answers.asked(file.site, file.question);
      return;
    }
    this.#receptions.ended(file.site);
    this.#events.receiving();
    if (file.kind === 'snapshotRequest') {
      this.bulletin.requestSnapshot();
      this.#events.onSnapshotRequest();
      return;
    }
    if (this.#attendance.stored(file)) this.#events.onRequest();
  }

  #nameOf(site: number): string {
    return this.#sites(true).find(({ number }) => number === site)?.name ?? String(site);
  }

  #sites(wanted: boolean): HubSite[] {
    return (this.#settings.hub?.sites ?? [])
      .filter(({ active }) => active === wanted)
      .map(({ number, name }) => ({ number, name }))
      .sort((a, b) => a.number - b.number);
  }

  #status(site: number): Promise<HubStatus> {
    const name = this.#sites(true).find(({ number }) => number === site)?.name ?? '';
    const next = this.#certificate?.next;
    return this.bulletin.status({
      time: this.#parts.clock.now(),
      application: this.#parts.application,
      session: this.#reception === null ? null : { deadline: this.#reception.end },
      additive: this.#settings.additive,
      ...(typeof next === 'string' && { nextFingerprint: next }),
      site: { number: site, name, waiting: this.#attendance.hasSentAll(site) },
    });
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
    if (await this.bulletin.read(database)) this.#attendance.published();
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
