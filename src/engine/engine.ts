import { historyCsv } from '../report/history-csv';
import type { Report } from '../report/report';
import type { HubServer } from '../transport/port';
import type { Comparisons } from './comparisons';
import { Configuration } from './configuration';
import { Conflicts } from './conflicts';
import type { EngineCalls, EngineEvents } from './contract';
import { Establishments } from './establishments';
import { examine } from './examination';
import { informationOf, RESULTS_TOLD } from './information';
import { Operation } from './operation';
import type { Parts } from './parts';
import { resendSince } from './resend';
import { writeSupport } from './support';
import { TableTracking } from './tables';
import { Tester } from './tester';

/** The engine: owns a data folder, runs its sessions, answers the screens. Each call is one line, to whom it concerns. */
export class Engine implements EngineCalls {
  readonly #operation: Operation;
  readonly #configuration: Configuration;
  readonly #establishments: Establishments;
  readonly #tables: TableTracking;
  readonly #conflicts: Conflicts;
  readonly #comparisons: Comparisons;
  readonly #tester: Tester;
  /** Aborted at the end of the program. */
  readonly #closing = new AbortController();

  constructor(parts: Parts, folder: string, events: EngineEvents) {
    this.#operation = new Operation(parts, folder, events);
    const { place, sessions, past, guard, comparisons } = this.#operation;
    this.#configuration = new Configuration(place, sessions, guard);
    this.#establishments = new Establishments(place, sessions, guard);
    this.#tables = new TableTracking(place, sessions, guard);
    this.#conflicts = new Conflicts(place, sessions);
    this.#comparisons = comparisons;
    this.#tester = new Tester(place, past);
  }

  /** Takes the data folder and reads its settings; rejects with `data.locked` or with what is wrong in the settings. */
  open(): Promise<void> {
    return this.#operation.open();
  }

  /** Opens and serves for screens: what is wrong in the data folder becomes a word on them. */
  start(): Promise<void> {
    return this.#operation.start();
  }

  /** FTP at a hub, departures at both. A server that cannot start now is tried again by each session. */
  serve(): Promise<void> {
    return this.#operation.serve();
  }

  /** Runs one session, from start to report. Rejects only where none could begin. */
  async synchronise(
    trigger: Report['trigger'],
    agreed: { readonly recover?: boolean } = {},
  ): Promise<Report> {
    return this.#operation.sessions.begin(trigger, agreed).done;
  }

  readonly overview: EngineCalls['overview'] = () => Promise.resolve(this.#operation.overview());

  readonly log: EngineCalls['log'] = async () => {
    await this.#operation.folderRead();
    return this.#operation.place.log.lines;
  };

  readonly clearLog: EngineCalls['clearLog'] = () => {
    this.#operation.place.log.clear();
    return Promise.resolve();
  };

  readonly history: EngineCalls['history'] = async (query) => {
    const found = await this.#operation.place.reports.search(query);
    const { limit, offset = 0 } = query;
    return { lines: found.slice(offset, offset + limit), total: found.length };
  };

  readonly exportHistory: EngineCalls['exportHistory'] = async (query, words) =>
    historyCsv((await this.history(query)).lines, words);

  readonly report: EngineCalls['report'] = (id) => this.#operation.report(id);

  readonly startSession: EngineCalls['startSession'] = async () => {
    await Promise.resolve(this.#operation.sessions.begin('manual'));
  };

  readonly recover: EngineCalls['recover'] = async () => {
    this.#operation.guard.require();
    await Promise.resolve(this.#operation.sessions.begin('manual', { recover: true }));
  };

  readonly writeSnapshot: EngineCalls['writeSnapshot'] = async (file, passphrase) => {
    this.#operation.guard.require();
    return this.#operation.snapshots.write(file, passphrase);
  };

  readonly startFrom: EngineCalls['startFrom'] = async (start) => {
    this.#operation.guard.require();
    return this.#operation.snapshots.startFrom(start);
  };

  readonly stopSnapshot: EngineCalls['stopSnapshot'] = () => this.#operation.snapshots.stop();

  readonly resend: EngineCalls['resend'] = async (since) => {
    this.#operation.guard.require();
    return resendSince(this.#operation, since);
  };

  readonly stopSession: EngineCalls['stopSession'] = () => {
    this.#operation.sessions.stop();
    return Promise.resolve();
  };

  readonly resetTimers: EngineCalls['resetTimers'] = () =>
    Promise.resolve(this.#operation.sessions.resetTimers());

  readonly test: EngineCalls['test'] = () => this.#tester.run();

  readonly stopTest: EngineCalls['stopTest'] = () => {
    this.#tester.stop();
    return Promise.resolve();
  };

  readonly examine: EngineCalls['examine'] = () => {
    const { parts, paths } = this.#operation.place;
    return examine({ parts, paths, served: true, signal: this.#closing.signal });
  };

  readonly writeSupport: EngineCalls['writeSupport'] = async (file, host) => {
    const { parts, paths, record } = this.#operation.place;
    await record.flushed();
    await writeSupport(file, { parts, paths, host, results: await this.examine() });
  };

  readonly information: EngineCalls['information'] = async (host) => {
    const { parts, paths, reports } = this.#operation.place;
    return informationOf({
      application: parts.application,
      host,
      paths,
      view: await this.#configuration.view(),
      overview: this.#operation.overview(),
      history: await reports.list(RESULTS_TOLD),
      log: await this.log(),
    });
  };

  readonly conflicts: EngineCalls['conflicts'] = (query) => this.#conflicts.page(query);

  readonly restoreConflict: EngineCalls['restoreConflict'] = (id, which) =>
    this.#conflicts.restore(id, which);

  readonly retryRefused: EngineCalls['retryRefused'] = () => this.#conflicts.retry();
  readonly compare: EngineCalls['compare'] = (request) => this.#comparisons.compare(request);

  readonly repair: EngineCalls['repair'] = (request) => this.#comparisons.repair(request);

  readonly stopComparison: EngineCalls['stopComparison'] = () => this.#comparisons.stop();

  readonly blockedAddresses: EngineCalls['blockedAddresses'] = () =>
    Promise.resolve(this.#server()?.blocked() ?? []);

  readonly unblock: EngineCalls['unblock'] = async (address) => this.#server()?.unblock(address);

  readonly clearBlockedAddresses: EngineCalls['clearBlockedAddresses'] = async () =>
    this.#server()?.clearBlocked();

  readonly settings: EngineCalls['settings'] = () => this.#configuration.view();

  readonly validateSettings: EngineCalls['validateSettings'] = (draft) => this.#configuration.validate(draft);

  readonly saveSettings: EngineCalls['saveSettings'] = (draft) => this.#configuration.save(draft);

  readonly initialise: EngineCalls['initialise'] = (answers) => this.#configuration.initialise(answers);

  readonly testDatabase: EngineCalls['testDatabase'] = (address) => this.#configuration.testDatabase(address);

  readonly sendTestMail: EngineCalls['sendTestMail'] = (mail) => this.#configuration.sendTestMail(mail);

  readonly tables: EngineCalls['tables'] = () => this.#tables.view();

  readonly prepare: EngineCalls['prepare'] = () => this.#tables.prepare();

  readonly unprepare: EngineCalls['unprepare'] = () => this.#tables.unprepare();

  readonly sites: EngineCalls['sites'] = () => this.#establishments.list();

  readonly addSite: EngineCalls['addSite'] = (name) => this.#establishments.add(name);

  readonly renewSite: EngineCalls['renewSite'] = (number) => this.#establishments.renew(number);

  readonly renameSite: EngineCalls['renameSite'] = (number, name) =>
    this.#establishments.rename(number, name);

  readonly retireSite: EngineCalls['retireSite'] = (number) => this.#establishments.retire(number);

  readonly pair: EngineCalls['pair'] = (code) => this.#configuration.pair(code);

  readonly unlock: EngineCalls['unlock'] = async (password) => {
    await this.#operation.guard.unlock(password);
    this.#operation.tell();
  };

  readonly lock: EngineCalls['lock'] = async () => {
    this.#operation.guard.lock();
    this.#operation.tell();
    await Promise.resolve();
  };

  readonly setPassword: EngineCalls['setPassword'] = (password) => this.#operation.guard.set(password);

  readonly shutdown: EngineCalls['shutdown'] = async () => {
    this.#closing.abort();
    this.#tester.stop();
    void this.#operation.snapshots.stop();
    await this.#operation.shutdown();
  };

  #server(): HubServer | null {
    return this.#operation.place.hub?.server ?? null;
  }
}
