import type { Report } from '../report/report';
import { historyCsv } from '../report/history-csv';
import type { BlockedAddress, HubServer } from '../transport/port';
import { Configuration } from './configuration';
import { Conflicts } from './conflicts';
import type {
  CheckResult,
  ConflictPage,
  ConflictQuery,
  CsvWords,
  DatabaseTest,
  EngineCalls,
  EngineEvents,
  HistoryPage,
  HistoryQuery,
  Information,
  LogLine,
  NewInstallation,
  Overview,
  PairingCode,
  SettingsDraft,
  SettingsFault,
  SettingsView,
  SiteLine,
  TablesView,
} from './contract';
import { Establishments } from './establishments';
import { Guard } from './guard';
import { informationOf, RESULTS_TOLD } from './information';
import { overviewOf } from './overview';
import type { Parts } from './parts';
import { PastSessions } from './past-sessions';
import { Sessions } from './sessions';
import { tablesView } from './tables';
import { Tester } from './tester';
import { throttled } from './throttle';
import { Workplace } from './workplace';

/** Progress is told at most this often, milliseconds. */
const PROGRESS_INTERVAL = 100;

/** The engine: owns a data folder, runs its sessions, answers the screens. */
export class Engine implements EngineCalls {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  readonly #past: PastSessions;
  readonly #guard: Guard;
  readonly #configuration: Configuration;
  readonly #establishments: Establishments;
  readonly #conflicts: Conflicts;
  readonly #tester: Tester;
  /** Settled once the data folder was read, for good or ill. */
  #folderRead: Promise<void> = Promise.resolve();

  constructor(parts: Parts, folder: string, events: EngineEvents) {
    const changed = (): void => events.overviewChanged(this.#overview());
    const advanced = throttled(parts.clock, PROGRESS_INTERVAL, changed);
    this.#place = new Workplace(parts, folder, events, {
      onRequest: () => this.#answerRequests(),
      onDeparture: () => this.#depart(),
      changed,
      advanced,
    });
    this.#past = new PastSessions(this.#place.reports);
    this.#sessions = new Sessions(this.#place, { changed, advanced, ended: () => this.#ended() });
    this.#guard = new Guard(this.#place);
    this.#configuration = new Configuration(this.#place, this.#sessions, this.#guard);
    this.#establishments = new Establishments(this.#place, this.#sessions, this.#guard);
    this.#conflicts = new Conflicts(this.#place, this.#sessions);
    this.#tester = new Tester(this.#place, this.#past);
  }

  /** Takes the data folder and reads its settings; rejects with `data.locked` or with what is wrong in the settings. */
  async open(): Promise<void> {
    await this.#place.take();
    try {
      await this.#place.read();
    } finally {
      await this.#readPast();
    }
  }

  /** Opens and serves for screens: what is wrong in the data folder becomes a word on them. */
  async start(): Promise<void> {
    this.#folderRead = this.open();
    await this.#folderRead.catch((error: unknown) => this.#place.note(error));
    await this.serve();
  }

  async serve(): Promise<void> {
    await this.#place.serve();
    this.#tell();
  }

  /** Runs one session, from start to report. Rejects only where none could begin. */
  async synchronise(trigger: Report['trigger']): Promise<Report> {
    return this.#sessions.begin(trigger).done;
  }

  overview(): Promise<Overview> {
    return Promise.resolve(this.#overview());
  }

  async log(): Promise<readonly LogLine[]> {
    // A window asks as soon as it is there: earlier lines may still be on their way from the disk.
    await this.#folderRead.catch(() => undefined);
    return this.#place.log.lines;
  }

  clearLog(): Promise<void> {
    this.#place.log.clear();
    return Promise.resolve();
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    const { limit, offset = 0 } = query;
    const found = await this.#place.reports.search(query);
    return { lines: found.slice(offset, offset + limit), total: found.length };
  }

  async exportHistory(query: HistoryQuery, words: CsvWords): Promise<string> {
    return historyCsv((await this.history(query)).lines, words);
  }

  report(id: string): Promise<Report> {
    const { report } = this.#sessions;
    return report?.id === id ? Promise.resolve(report) : this.#place.reports.read(id);
  }

  async startSession(): Promise<void> {
    await Promise.resolve(this.#sessions.begin('manual'));
  }

  stopSession(): Promise<void> {
    this.#sessions.stop();
    return Promise.resolve();
  }

  resetTimers(): Promise<string | null> {
    return Promise.resolve(this.#sessions.resetTimers());
  }

  async test(): Promise<readonly CheckResult[]> {
    return this.#tester.run();
  }

  stopTest(): Promise<void> {
    this.#tester.stop();
    return Promise.resolve();
  }

  async information(host: Readonly<Record<string, string>>): Promise<Information> {
    const { parts, paths, reports } = this.#place;
    return informationOf({
      application: parts.application,
      host,
      paths,
      view: await this.#configuration.view(),
      overview: this.#overview(),
      history: await reports.list(RESULTS_TOLD),
      log: await this.log(),
    });
  }

  conflicts(query: ConflictQuery): Promise<ConflictPage> {
    return this.#conflicts.page(query);
  }

  restoreConflict(id: number, which: 'winner' | 'loser'): Promise<void> {
    return this.#conflicts.restore(id, which);
  }

  blockedAddresses(): Promise<readonly BlockedAddress[]> {
    return Promise.resolve(this.#server()?.blocked() ?? []);
  }

  async unblock(address: string): Promise<void> {
    await this.#server()?.unblock(address);
  }

  async clearBlockedAddresses(): Promise<void> {
    await this.#server()?.clearBlocked();
  }

  settings(): Promise<SettingsView> {
    return this.#configuration.view();
  }

  validateSettings(draft: SettingsDraft): Promise<readonly SettingsFault[]> {
    return this.#configuration.validate(draft);
  }

  saveSettings(draft: SettingsDraft): Promise<readonly SettingsFault[]> {
    return this.#configuration.save(draft);
  }

  initialise(installation: NewInstallation): Promise<readonly SettingsFault[]> {
    return this.#configuration.initialise(installation);
  }

  testDatabase(address: string): Promise<DatabaseTest> {
    return this.#configuration.testDatabase(address);
  }

  async tables(): Promise<TablesView> {
    const settings = this.#place.configured();
    return this.#place.withDatabase((database) => tablesView(database, settings));
  }

  async prepare(): Promise<TablesView> {
    const { installation, role } = this.#changing();
    await this.#place.withDatabase((database) => database.prepare({ id: installation, role }));
    return this.tables();
  }

  async unprepare(): Promise<TablesView> {
    this.#changing();
    await this.#place.withDatabase((database) => database.unprepare());
    return this.tables();
  }

  sites(): Promise<readonly SiteLine[]> {
    return this.#establishments.list();
  }

  addSite(name: string): Promise<PairingCode> {
    return this.#establishments.add(name);
  }

  renewSite(number: number): Promise<PairingCode> {
    return this.#establishments.renew(number);
  }

  renameSite(number: number, name: string): Promise<void> {
    return this.#establishments.rename(number, name);
  }

  retireSite(number: number): Promise<void> {
    return this.#establishments.retire(number);
  }

  pair(code: string): Promise<void> {
    return this.#configuration.pair(code);
  }

  async unlock(password: string): Promise<void> {
    await this.#guard.unlock(password);
    this.#tell();
  }

  lock(): Promise<void> {
    this.#guard.lock();
    this.#tell();
    return Promise.resolve();
  }

  setPassword(password: string | null): Promise<void> {
    return this.#guard.set(password);
  }

  async shutdown(): Promise<void> {
    this.#place.stopServing();
    this.#tester.stop();
    this.#sessions.stop();
    await this.#sessions.settled();
    await this.#place.release();
  }

  /** Settings, where the configuration may be changed now. */
  #changing(): ReturnType<Workplace['configured']> {
    this.#guard.require();
    this.#sessions.refuseDuring();
    return this.#place.configured();
  }

  #depart(): void {
    if (this.#sessions.report === null) this.#sessions.begin('schedule');
  }

  /** A site asked for a session outside the schedule. */
  #answerRequests(): void {
    const { hub, serving } = this.#place;
    if (hub?.requested === true && serving && this.#sessions.report === null) this.#sessions.begin('request');
  }

  async #ended(): Promise<void> {
    await this.#readPast();
    this.#place.events.historyChanged();
    this.#place.events.conflictsChanged();
    this.#tell();
    this.#answerRequests();
  }

  #readPast(): Promise<void> {
    const sites = this.#place.settings?.hub?.sites ?? [];
    return this.#past.read(sites.filter(({ active }) => active).map(({ number }) => number));
  }

  #server(): HubServer | null {
    return this.#place.hub?.server ?? null;
  }

  #overview(): Overview {
    return overviewOf({
      place: this.#place,
      sessions: this.#sessions,
      past: this.#past,
      lock: this.#guard.state,
    });
  }

  #tell(): void {
    this.#place.events.overviewChanged(this.#overview());
  }
}
