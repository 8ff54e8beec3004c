import { basename } from 'node:path';
import { dataFolder, lockDataFolder, type DataFolder, type DataLock } from '../config/data-folder';
import { loadSettings, saveSettings, type Settings } from '../config/settings';
import type { Database } from '../database/port';
import { ReportStore } from '../report/report-store';
import { runSchedule } from '../schedule/scheduler';
import { SyncError, toSyncError, type MessageParams } from '../shared/errors';
import type { EngineEvents, LogLine, Sentence } from './contract';
import { HubRuntime } from './hub-runtime';
import type { Parts } from './parts';
import { ProgressLog } from './progress-log';
import { SiteRuntime } from './site-runtime';

/** What makes the engine act by itself. */
export interface WorkplaceListener {
  /** A site asks for a session outside the schedule. */
  readonly onRequest: () => void;
  readonly onDeparture: () => void;
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
  readonly reports: ReportStore;
  readonly #listener: WorkplaceListener;
  #lock: DataLock | null = null;
  #settings: Settings | null = null;
  #problems: Sentence[] = [];
  #runtime: HubRuntime | SiteRuntime | null = null;
  #schedule = new AbortController();
  #serving = false;
  /** Settings are applied one after the other. */
  #applied: Promise<void> = Promise.resolve();

  constructor(parts: Parts, folder: string, events: EngineEvents, listener: WorkplaceListener) {
    this.parts = parts;
    this.paths = dataFolder(folder);
    this.events = events;
    this.log = new ProgressLog(this.paths.progressLog);
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
    await this.log.load();
    await this.reports.closeInterrupted();
  }

  /** Rejects with what is wrong in the settings. */
  async read(): Promise<void> {
    this.#settings = await loadSettings(this.paths.folder);
    this.#runtime = this.#makeRuntime(this.#settings);
  }

  /** FTP at a hub, departures at both. A server that cannot start now is tried again by each session. */
  async serve(): Promise<void> {
    this.#serving = true;
    await this.#startRuntime();
    if (this.#settings !== null) this.#startSchedule(this.#settings);
  }

  /** Settings as they are on the disk now: a command line may have added a site, changed a limit. */
  async refresh(): Promise<Settings> {
    await this.#applied;
    const settings = await loadSettings(this.paths.folder);
    this.#settings = settings;
    this.#runtime?.configure(settings);
    return settings;
  }

  /** Saves settings, and works by them from now on. Rejects with a SettingsError, `disk.*` or `data.locked`. */
  async save(settings: Settings): Promise<void> {
    const { folder } = this.paths;
    if (this.#lock === null) throw new SyncError('data.locked', { params: { folder: basename(folder) } });
    await saveSettings(folder, settings);
    this.#applied = this.#applied.then(() => this.#apply(settings));
    await this.#applied;
    await this.#listener.settingsApplied();
    this.events.settingsChanged();
    this.#listener.changed();
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
    await this.#runtime?.stop();
    await this.log.flushed();
    this.#lock?.release();
    this.#lock = null;
  }

  say(level: LogLine['level'], key: string, params: MessageParams = {}): void {
    const at = new Date(this.parts.clock.now()).toISOString();
    this.events.logged(this.log.add({ level, key, params, at }));
  }

  sayError(error: unknown): void {
    const { code, params } = toSyncError(error);
    this.say('error', `error.${code}`, params);
  }

  /** Keeps what went wrong in sight. */
  note(error: unknown): void {
    const { code, params } = toSyncError(error);
    this.#problems = [...this.#problems, { key: `error.${code}`, params }];
    this.sayError(error);
  }

  async #apply(settings: Settings): Promise<void> {
    const before = this.#settings;
    this.#settings = settings;
    this.#problems = [];
    if (before === null || needsNewRuntime(before, settings)) {
      await this.#runtime?.stop();
      this.#runtime = this.#makeRuntime(settings);
      if (this.#serving) await this.#startRuntime();
    } else this.#runtime?.configure(settings);
    // A schedule that is started anew would miss a departure that is due at this very instant.
    if (this.#serving && settings.departure !== before?.departure) this.#startSchedule(settings);
  }

  async #startRuntime(): Promise<void> {
    await this.#runtime?.start().catch((error: unknown) => this.note(error));
  }

  #makeRuntime(settings: Settings): HubRuntime | SiteRuntime {
    if (settings.role === 'site') return new SiteRuntime(this.parts, settings, this.paths);
    return new HubRuntime(this.parts, settings, this.paths, {
      onRequest: () => this.#listener.onRequest(),
      stateChanged: ({ active }) => {
        // A session has started the server that could not start before.
        if (active) this.#problems = [];
        this.#listener.changed();
      },
      blockedChanged: () => this.events.blockedChanged(),
      receiving: () => this.#listener.advanced(),
    });
  }

  #startSchedule({ departure }: Settings): void {
    this.#schedule.abort();
    this.#schedule = new AbortController();
    const { signal } = this.#schedule;
    const { clock } = this.parts;
    const onDeparture = (): void => this.#listener.onDeparture();
    void runSchedule({ departure, clock, signal, onDeparture }).catch((error: unknown) => this.note(error));
  }
}

/** Whether what works by the settings has to be made anew: its server, its database, the hub it knows. */
function needsNewRuntime(before: Settings, after: Settings): boolean {
  const essence = ({ role, database, hub, site }: Settings): string =>
    JSON.stringify([role, database, hub === null ? null : { ...hub, sites: [] }, site]);
  return essence(before) !== essence(after);
}
