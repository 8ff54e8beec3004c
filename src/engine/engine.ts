import { dataFolder, lockDataFolder, type DataFolder, type DataLock } from '../config/data-folder';
import { loadSettings, type Settings } from '../config/settings';
import type { Mailer } from '../mail/port';
import type { HistoryLine, Progress, Report } from '../report/report';
import { newReport } from '../report/new-report';
import { ReportStore } from '../report/report-store';
import { departureFile } from '../schedule/departure-memory';
import { momentText, nextDeparture } from '../schedule/next-departure';
import { departureHours } from '../schedule/schedule';
import { runSchedule } from '../schedule/scheduler';
import { runSession, type Step } from '../session/session';
import { SyncError, toSyncError, type MessageParams } from '../shared/errors';
import type { BlockedAddress } from '../transport/port';
import { runChecks } from './checks';
import type { CheckResult, EngineCalls, EngineEvents, LogLine, Overview } from './contract';
import { HubRuntime } from './hub-runtime';
import type { Parts } from './parts';
import { ProgressLog } from './progress-log';
import type { SessionRequest } from './runtime';
import { SiteRuntime } from './site-runtime';

/** Progress is told at most this often, milliseconds. */
const PROGRESS_INTERVAL = 100;

interface RunningSession {
  readonly report: Report;
  readonly request: SessionRequest;
  readonly abort: AbortController;
  readonly done: Promise<Report>;
}

/** The engine: owns a data folder, runs its sessions, answers the screens. */
export class Engine implements EngineCalls {
  readonly #parts: Parts;
  readonly #paths: DataFolder;
  readonly #events: EngineEvents;
  readonly #log: ProgressLog;
  readonly #reports: ReportStore;
  readonly #schedule = new AbortController();
  /** Settled once the data folder was read, for good or ill. */
  #folderRead: Promise<void> = Promise.resolve();
  #lock: DataLock | null = null;
  #settings: Settings | null = null;
  #problems: { key: string; params: MessageParams }[] = [];
  #runtime: HubRuntime | SiteRuntime | null = null;
  #mailer: Mailer | null = null;
  #session: RunningSession | null = null;
  #progress: Progress | null = null;
  #progressToldAt = 0;
  #lastSynchronisation: string | null = null;
  /** Departures and sites' requests start sessions. */
  #serving = false;
  /** A departure fell into a session that some sites had asked for. */
  #departsNext = false;

  constructor(parts: Parts, folder: string, events: EngineEvents) {
    this.#parts = parts;
    this.#paths = dataFolder(folder);
    this.#events = events;
    this.#log = new ProgressLog(this.#paths.progressLog);
    this.#reports = new ReportStore(this.#paths.reports);
  }

  /** Takes the data folder and reads its settings; rejects with `data.locked` or with what is wrong in the settings. */
  async open(): Promise<void> {
    this.#lock = await lockDataFolder(this.#paths.folder);
    await this.#log.load();
    const interrupted = await this.#reports.closeInterrupted();
    await this.#readLastSynchronisation();
    this.#settings = await loadSettings(this.#paths.folder);
    this.#mailer = this.#openMailer();
    for (const report of interrupted) this.#mailer.notify({ kind: 'session', report });
    this.#runtime =
      this.#settings.role === 'hub'
        ? new HubRuntime(this.#parts, this.#settings, this.#paths, {
            onRequest: () => this.#answerRequests(),
            stateChanged: () => this.#tell(),
            blockedChanged: () => this.#onBlocked(),
          })
        : new SiteRuntime(this.#parts, this.#settings, this.#paths);
  }

  /** Opens and serves for screens: what is wrong in the data folder becomes a word on them. */
  async start(): Promise<void> {
    this.#folderRead = this.open();
    await this.#folderRead.catch((error: unknown) => this.#note(error));
    await this.serve();
  }

  /** FTP at a hub, departures at both. A server that cannot start now is tried again by each session. */
  async serve(): Promise<void> {
    await this.#runtime?.start().catch((error: unknown) => this.#note(error));
    this.#serving = true;
    if (this.#settings !== null) this.#startSchedule();
    this.#tell();
  }

  /** Runs one session, from start to report. Rejects only where none could begin. */
  async synchronise(trigger: Report['trigger']): Promise<Report> {
    return this.#begin(trigger).done;
  }

  overview(): Promise<Overview> {
    return Promise.resolve(this.#overview());
  }

  async log(): Promise<readonly LogLine[]> {
    // A window asks as soon as it is there: earlier lines may still be on their way from the disk.
    await this.#folderRead.catch(() => undefined);
    return this.#log.lines;
  }

  clearLog(): Promise<void> {
    this.#log.clear();
    return Promise.resolve();
  }

  history(limit: number): Promise<readonly HistoryLine[]> {
    return this.#reports.list(limit);
  }

  report(id: string): Promise<Report> {
    const session = this.#session;
    return session?.report.id === id ? Promise.resolve(session.report) : this.#reports.read(id);
  }

  async startSession(): Promise<void> {
    await Promise.resolve(this.#begin('manual'));
  }

  stopSession(): Promise<void> {
    this.#session?.abort.abort(new SyncError('session.stopped'));
    return Promise.resolve();
  }

  resetTimers(): Promise<void> {
    for (const deadline of this.#session?.request.deadlines ?? []) deadline.reset();
    if (this.#session !== null) this.#say('info', 'session.timersReset', {});
    return Promise.resolve();
  }

  test(): Promise<readonly CheckResult[]> {
    return runChecks(this.#parts, this.#configured(), this.#opened());
  }

  blockedAddresses(): Promise<readonly BlockedAddress[]> {
    return Promise.resolve(this.#server()?.blocked() ?? []);
  }

  async clearBlockedAddresses(): Promise<void> {
    await this.#server()?.clearBlocked();
  }

  async shutdown(): Promise<void> {
    this.#serving = false;
    this.#schedule.abort();
    await this.stopSession();
    await this.#session?.done;
    await this.#runtime?.stop();
    await this.#mailer?.stop();
    await this.#log.flushed();
    this.#lock?.release();
    this.#lock = null;
  }

  #begin(trigger: Report['trigger'], late = false): RunningSession {
    if (this.#session !== null) throw new SyncError('session.running');
    const { role, name } = this.#configured();
    const { clock, application } = this.#parts;
    const report = newReport({ role, name, trigger, application, now: clock.now() });
    const request: SessionRequest = { trigger, late, deadlines: [] };
    const abort = new AbortController();
    const session = { report, request, abort, done: this.#run(report, request, abort.signal) };
    this.#session = session;
    this.#say('info', 'session.started', {});
    return session;
  }

  /** Never rejects: what goes wrong is in the report, or in the log where even that cannot be written. */
  async #run(report: Report, request: SessionRequest, signal: AbortSignal): Promise<Report> {
    await this.#save(report);
    this.#events.historyChanged();
    const environment = { clock: this.#parts.clock, signal, events: this.#sessionEvents() };
    let close = (): Promise<void> => Promise.resolve();
    const makeSteps = async (): Promise<readonly Step[]> => {
      // Read anew: a site may have been added, a limit changed.
      const settings = await loadSettings(this.#paths.folder);
      this.#settings = settings;
      const database = await this.#parts.openDatabase(settings.database);
      close = () => database.close();
      return this.#opened().makeSteps(settings, database, request, environment);
    };
    await runSession(report, makeSteps, environment);
    await close().catch((error: unknown) => this.#sayError(error));
    this.#runtime?.ended();
    await this.#save(report);
    await this.#readLastSynchronisation();
    this.#session = null;
    this.#progress = null;
    this.#say(report.state === 'failed' ? 'error' : 'info', `session.ended.${report.state}`, {});
    this.#mailer?.notify({ kind: 'session', report });
    this.#events.historyChanged();
    this.#tell();
    await this.#log.flushed();
    this.#beginNext();
    return report;
  }

  #save(report: Report): Promise<void> {
    return this.#reports.save(report).catch((error: unknown) => this.#sayError(error));
  }

  #sessionEvents(): Parameters<typeof runSession>[2]['events'] {
    return {
      onMessage: ({ level, key, params }) => this.#say(level, key, params),
      onProgress: (progress) => {
        this.#progress = progress;
        const now = this.#parts.clock.now();
        if (progress !== null && now - this.#progressToldAt < PROGRESS_INTERVAL) return;
        this.#progressToldAt = now;
        this.#tell();
      },
      onReport: (report) => {
        // On disk at each step, so that a session that a power cut ends has a report too.
        void this.#save(report);
        this.#tell();
      },
    };
  }

  #beginNext(): void {
    if (this.#departsNext && this.#serving) this.#begin('schedule');
    this.#departsNext = false;
    this.#answerRequests();
  }

  /** A site asked for a session outside the schedule. */
  #answerRequests(): void {
    const runtime = this.#runtime;
    if (!(runtime instanceof HubRuntime) || !runtime.requested) return;
    if (this.#session === null && this.#serving) this.#begin('request');
  }

  #openMailer(): Mailer {
    const mailer = this.#parts.createMailer({
      clock: this.#parts.clock,
      application: this.#parts.application,
      paths: this.#paths,
      settings: () => loadSettings(this.#paths.folder),
      history: (limit) => this.#reports.list(limit),
      log: (level, key, params) => this.#say(level, key, params),
    });
    mailer.start();
    return mailer;
  }

  #onBlocked(): void {
    this.#events.blockedChanged();
    const addresses =
      this.#server()
        ?.blocked()
        .map(({ address }) => address) ?? [];
    this.#mailer?.notify({ kind: 'blocked', addresses });
  }

  #startSchedule(): void {
    const { signal } = this.#schedule;
    void runSchedule({
      schedule: () => this.#configured().schedule,
      memory: departureFile(this.#paths.schedule),
      clock: this.#parts.clock,
      signal,
      onDeparture: (planned, late) => this.#depart(planned, late),
      onMissed: (planned) => this.#say('warning', 'session.departureMissed', { at: this.#hour(planned) }),
      onUnsaved: (error) => this.#sayError(error),
    }).catch((error: unknown) => this.#note(error));
  }

  #hour(planned: number): string {
    return momentText(this.#configured().schedule, planned);
  }

  /** Never two sessions at once: one under way is this departure's, but for one that serves only who asked for it. */
  #depart(planned: number, late: boolean): void {
    if (this.#session !== null) {
      this.#departsNext = this.#session.report.trigger === 'request';
      return;
    }
    if (late) this.#say('info', 'session.departureLate', { at: this.#hour(planned) });
    this.#begin('schedule', late);
  }

  #overview(): Overview {
    const settings = this.#settings;
    return {
      configured:
        settings === null
          ? null
          : {
              role: settings.role,
              name: settings.name,
              departure: departureHours(settings.schedule),
              nextDeparture: nextDeparture(settings.schedule, this.#parts.clock.now()),
              siteCount: settings.hub?.sites.filter(({ active }) => active).length ?? 0,
              receptionLimit: settings.receptionLimit,
            },
      problems: this.#problems,
      lastSynchronisation: this.#lastSynchronisation,
      session: this.#session?.report ?? null,
      progress: this.#progress,
      ftp: settings?.role === 'hub' ? (this.#server()?.state ?? { active: false, reason: null }) : null,
      application: this.#parts.application,
    };
  }

  #server(): HubRuntime['server'] {
    return this.#runtime instanceof HubRuntime ? this.#runtime.server : null;
  }

  #opened(): HubRuntime | SiteRuntime {
    if (this.#runtime === null) throw new SyncError('settings.missing');
    return this.#runtime;
  }

  #configured(): Settings {
    if (this.#settings === null) throw new SyncError('settings.missing');
    return this.#settings;
  }

  async #readLastSynchronisation(): Promise<void> {
    const lines = await this.#reports.list(100);
    this.#lastSynchronisation =
      lines.find(({ state }) => state === 'ok' || state === 'warnings')?.startedAt ?? null;
  }

  #say(level: LogLine['level'], key: string, params: MessageParams): void {
    const at = new Date(this.#parts.clock.now()).toISOString();
    this.#events.logged(this.#log.add({ level, key, params, at }));
  }

  #sayError(error: unknown): void {
    const { code, params } = toSyncError(error);
    this.#say('error', `error.${code}`, params);
  }

  #note(error: unknown): void {
    const { code, params } = toSyncError(error);
    this.#problems = [...this.#problems, { key: `error.${code}`, params }];
    this.#sayError(error);
  }

  #tell(): void {
    this.#events.overviewChanged(this.#overview());
  }
}
