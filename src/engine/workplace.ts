import { basename } from 'node:path';
import { dataFolder, lockDataFolder, type DataFolder, type DataLock } from '../config/data-folder';
import { removeLeftovers } from '../config/leftovers';
import { loadSettings, saveSettings, upgradeSettings, type Settings } from '../config/settings';
import type { Database } from '../database/port';
import type { Mailer } from '../mail/port';
import type { Report } from '../report/report';
import { ReportStore } from '../report/report-store';
import type { DepartureKind } from '../schedule/scheduler';
import { SyncError, type MessageParams } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import { turns } from '../shared/turns';
import type { EngineEvents, LogLine, Sentence } from './contract';
import { runDepartures } from './departures';
import { EngineLog } from './engine-log';
import { HubRuntime } from './hub-runtime';
import type { Parts } from './parts';
import { ProgressLog } from './progress-log';
import { SiteRuntime } from './site-runtime';

/** What makes the engine act by itself. */
export interface WorkplaceListener {
  /** A site asks for a session outside the schedule. */
  readonly onRequest: () => void;
  /** A site asks for a snapshot. */
  readonly onSnapshotRequest: () => void;
  /** Resolves once it is over, to whether it needs no more care: not where the program ends in its midst. */
  readonly onDeparture: (kind: DepartureKind) => Promise<boolean>;
  /** Other settings hold. */
  readonly settingsApplied: () => Promise<void>;
  /** The state of the engine is another. */
  readonly changed: () => void;
  /** As `changed`, but too often to tell each time. */
  readonly advanced: () => void;
}

/** A data folder while the engine has it: its settings, and what works by them. */
export class Workplace {
  readonly parts: Parts;
  readonly paths: DataFolder;
  readonly events: EngineEvents;
  readonly log: ProgressLog;
  /** The log files. */
  readonly record: EngineLog;
  readonly reports: ReportStore;
  readonly #listener: WorkplaceListener;
  #lock: DataLock | null = null;
  #settings: Settings | null = null;
  #problems: Sentence[] = [];
  #runtime: HubRuntime | SiteRuntime | null = null;
  #mailer: Mailer | null = null;
  /** Reports of sessions that ended with the process, still to be told. */
  #interrupted: readonly Report[] = [];
  readonly #schedule = new AbortController();
  #scheduled = false;
  /** Settled once departures are over. */
  #departures: Promise<void> = Promise.resolve();
  #serving = false;
  /**
   * Does one change of the settings after the other, from reading them to `save`: each begins with what the one before has
   * left. Not to be called within `work`.
   */
  readonly change = turns();
  /** Settings are applied one after the other. */
  #applied: Promise<void> = Promise.resolve();

  constructor(parts: Parts, folder: string, events: EngineEvents, listener: WorkplaceListener) {
    this.parts = parts;
    this.paths = dataFolder(folder);
    this.events = events;
    this.log = new ProgressLog(this.paths.progressLog);
    const { clock, english, application } = parts;
    this.record = new EngineLog({ file: this.paths.log, clock, english, application });
    this.reports = new ReportStore(this.paths.reports);
    this.#listener = listener;
  }

  get settings(): Settings | null {
    return this.#settings;
  }

  /** What went wrong beside any session. */
  get problems(): readonly Sentence[] {
    return this.#problems;
  }

  get hub(): HubRuntime | null {
    return this.#runtime instanceof HubRuntime ? this.#runtime : null;
  }

  /** Null while there are no settings. */
  get mailer(): Mailer | null {
    return this.#mailer;
  }

  /** Departures and sites' requests start sessions. */
  get serving(): boolean {
    return this.#serving;
  }

  /** Rejects with `settings.missing` where there are none that can be used. */
  configured(): Settings {
    if (this.#settings === null) throw new SyncError('settings.missing');
    return this.#settings;
  }

  runtime(): HubRuntime | SiteRuntime {
    if (this.#runtime === null) throw new SyncError('settings.missing');
    return this.#runtime;
  }

  /** Takes the folder; rejects with `data.*` where that cannot be. */
  async take(): Promise<void> {
    this.#lock = await lockDataFolder(this.paths.folder);
    await upgradeSettings(this.paths.folder);
    this.record.started();
    await removeLeftovers(this.paths, Date.now());
    await this.log.load();
    this.#interrupted = await this.reports.closeInterrupted();
  }

  /** Rejects with what is wrong in the settings. */
  async read(): Promise<void> {
    this.#know(await loadSettings(this.paths.folder));
    this.#openMailer();
    this.#runtime = this.#makeRuntime(this.configured());
  }

  /** FTP at a hub, departures at both. A server that cannot start now is tried again by each session. */
  async serve(): Promise<void> {
    this.#serving = true;
    await this.#startRuntime();
    if (this.#settings !== null) this.#startSchedule();
  }

  /** Settings as they are on the disk now: a command line may have added a site, changed a limit. */
  async refresh(): Promise<Settings> {
    await this.#applied;
    const settings = this.#know(await loadSettings(this.paths.folder));
    this.#runtime?.configure(settings);
    return settings;
  }

  /** Saves settings that were read in the same `change`, and works by them from now on. Rejects with a SettingsError, `disk.*` or `data.locked`. */
  async save(settings: Settings): Promise<void> {
    const { folder } = this.paths;
    if (this.#lock === null) throw new SyncError('data.locked', { params: { folder: basename(folder) } });
    await this.#inTurn(async () => {
      const kept = withLearnt(settings, this.#settings);
      await saveSettings(folder, kept);
      await this.#apply(kept);
    });
    await this.#listener.settingsApplied();
    this.events.settingsChanged();
    this.#listener.changed();
  }

  /**
   * Keeps what a line has taught, without a new runtime under the session that has the line. Where the site was paired
   * again meanwhile, it is about another pairing.
   */
  async #learn(paired: NonNullable<Settings['site']>, changes: Partial<typeof paired>): Promise<void> {
    await this.#inTurn(async () => {
      const settings = await loadSettings(this.paths.folder);
      if (settings.site?.secret !== paired.secret) return;
      const learnt = { ...settings, site: { ...settings.site, ...changes } };
      await saveSettings(this.paths.folder, learnt);
      this.#settings = learnt;
      this.#runtime?.configure(learnt);
    });
    this.events.settingsChanged();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#applied.then(work);
    this.#applied = done.catch(() => undefined);
    return done;
  }

  async withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await this.parts.openDatabase(this.configured().database);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  stopServing(): void {
    this.#serving = false;
    this.#schedule.abort();
  }

  async release(): Promise<void> {
    await this.#departures;
    await this.#runtime?.stop();
    await this.#mailer?.stop();
    await this.log.flushed();
    if (this.#lock !== null) this.record.stopped();
    await this.record.flushed();
    this.#lock?.release();
    this.#lock = null;
  }

  say(level: LogLine['level'], key: string, params: MessageParams = {}): void {
    const at = new Date(this.parts.clock.now()).toISOString();
    this.events.logged(this.log.add({ level, key, params, at }));
    this.record.say(level, key, params);
  }

  sayError(error: unknown): void {
    const { code, params } = toSyncError(error);
    this.say('error', `error.${code}`, params);
    this.record.cause(error);
  }

  /** Keeps what went wrong in sight. */
  note(error: unknown): void {
    const { code, params } = toSyncError(error);
    this.#problems = [...this.#problems, { key: `error.${code}`, params }];
    this.sayError(error);
  }

  #know(settings: Settings): Settings {
    this.#settings = settings;
    this.record.configure(settings);
    return settings;
  }

  async #apply(settings: Settings): Promise<void> {
    const before = this.#settings;
    this.#know(settings);
    this.#problems = [];
    this.#openMailer();
    if (before === null || needsNewRuntime(before, settings)) {
      await this.#runtime?.stop();
      this.#runtime = this.#makeRuntime(settings);
      if (this.#serving) await this.#startRuntime();
    } else this.#runtime?.configure(settings);
    if (this.#serving) this.#startSchedule();
  }

  async #startRuntime(): Promise<void> {
    await this.#runtime?.start().catch((error: unknown) => this.note(error));
  }

  #makeRuntime(settings: Settings): HubRuntime | SiteRuntime {
    if (settings.role === 'site')
      return new SiteRuntime(this.parts, settings, this.paths, (paired, changes) =>
        this.#learn(paired, changes),
      );
    return new HubRuntime(this.parts, settings, this.paths, {
      onRequest: () => this.#listener.onRequest(),
      onCompare: (site) => this.say('info', 'compare.begun', { site }),
      onTooMuchCompared: (site) => this.say('warning', 'compare.tooMuch', { site }),
      onSnapshotRequest: () => this.#listener.onSnapshotRequest(),
      onLinked: (site) => {
        this.say('info', 'establishment.linked', { site });
        this.events.settingsChanged();
      },
      onCodeRefused: (site, state) => this.say('warning', `establishment.code.${state}`, { site }),
      onCertificate: (change, until) => this.say('info', `certificate.${change}`, { until }),
      stateChanged: ({ active }) => {
        // A session has started the server that could not start before.
        if (active) this.#problems = [];
        this.#listener.changed();
      },
      blockedChanged: () => this.#onBlocked(),
      receiving: () => this.#listener.advanced(),
    });
  }

  #onBlocked(): void {
    this.events.blockedChanged();
    const blocked = this.hub?.server?.blocked() ?? [];
    this.#mailer?.notify({ kind: 'blocked', addresses: blocked.map(({ address }) => address) });
  }

  /** Once there are settings: they are read anew for each letter. */
  #openMailer(): void {
    if (this.#mailer !== null) return;
    this.#mailer = this.parts.createMailer({
      clock: this.parts.clock,
      application: this.parts.application,
      paths: this.paths,
      settings: () => loadSettings(this.paths.folder),
      history: (limit) => this.reports.list(limit),
      log: (level, key, params) => this.say(level, key, params),
    });
    this.#mailer.start();
    for (const report of this.#interrupted) this.#mailer.notify({ kind: 'session', report });
    this.#interrupted = [];
  }

  /** Once: it asks for the settings at each turn. */
  #startSchedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { signal } = this.#schedule;
    const { onDeparture } = this.#listener;
    this.#departures = runDepartures(this, onDeparture, signal).catch((error: unknown) => this.note(error));
  }
}

/** Settings that were read before a line taught something, with what it taught. */
function withLearnt(settings: Settings, known: Settings | null): Settings {
  const learnt = known?.site ?? null;
  return learnt !== null && settings.site?.secret === learnt.secret
    ? { ...settings, site: learnt }
    : settings;
}

/** Whether what works by the settings has to be made anew: its server, its database, the hub it knows. */
function needsNewRuntime(before: Settings, after: Settings): boolean {
  const essence = ({ role, database, hub, site }: Settings): string =>
    JSON.stringify([role, database, hub === null ? null : { ...hub, sites: [], pairingDays: 0 }, site]);
  return essence(before) !== essence(after);
}
