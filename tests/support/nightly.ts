import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder, type DataFolder } from '../../src/config/data-folder';
import type { Database, Installation } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import { HubAnswers } from '../../src/engine/hub-answers';
import { HubBulletin } from '../../src/engine/hub-bulletin';
import { tidyFolder } from '../../src/engine/tidy-folder';
import { newReport } from '../../src/report/new-report';
import type { Report, Role } from '../../src/report/report';
import { ReportStore } from '../../src/report/report-store';
import { Deadline } from '../../src/session/deadline';
import { HubSession } from '../../src/session/hub';
import { HubFolder } from '../../src/session/hub-folder';
import { runSession, type SessionEnvironment, type Step } from '../../src/session/session';
import { SiteSession } from '../../src/session/site';
import { DAY, type Retention } from '../../src/session/tidy';
import type { Clock } from '../../src/shared/clock';
import type { HubLink, HubStatus } from '../../src/transport/port';
import { openBusiness, type Business } from './business';
import { createFolderHubLink } from './folder-hub-link';

export interface NightlyOptions {
  readonly schema: string;
  readonly retention: Retention & { readonly reportDays: number };
}

interface Place {
  readonly number: number;
  readonly path: string;
  readonly paths: DataFolder;
  readonly reports: ReportStore;
  readonly business: Business;
}

/** In memory where the system has such a folder: thousands of transactions each wait for their disk. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/**
 * A head office (0) and sites that synchronise night after night on a clock of the test's own, which dates their files
 * too. A site's session comes before the hub's and does not wait: it receives what the night before brought.
 */
export class Nightly {
  readonly #options: NightlyOptions;
  readonly #folder = mkdtempSync(join(SCRATCH, 'nightly-'));
  readonly #places = new Map<number, Place>();
  readonly #dated = new Map<string, number>();
  /** How often the data folder of a place was lost. */
  readonly #lives = new Map<number, number>();
  #active = new Set<number>();
  #now = Date.UTC(2026, 0, 1);
  /** Instead of a place's own database, in its next sessions. */
  readonly replaced = new Map<number, (database: Database) => Database>();
  /** Instead of a site's own way to the hub, in its next sessions. */
  readonly links = new Map<number, (link: HubLink) => HubLink>();
  /** How long a site waits for what fails, milliseconds: time passes by as it waits. */
  patience = 0;
  /** Between two looks of a site that waits, milliseconds; null: one look, and one when its patience is at an end. */
  pollInterval: number | null = null;
  /** Columns that add up, as the hub declares them. */
  additive: Record<string, string[]> = {};
  /** Places where somebody agreed to what leads out of trouble, in their next sessions. */
  readonly agreed = new Set<number>();
  /** Whether sites are told which round is the oldest. */
  tellsFirstRound = true;

  private readonly clock: Clock = {
    now: () => this.#now,
    delay: (milliseconds) => {
      if (this.patience === 0) return Promise.reject(new Error('nothing waits'));
      this.#now += milliseconds;
      return Promise.resolve();
    },
  };

  constructor(options: NightlyOptions) {
    this.#options = options;
  }

  /** A place with the data that all begin with, or with a copy of another's. */
  async add(number: number, copyOf?: number): Promise<void> {
    const folder = join(this.#folder, String(number));
    mkdirSync(folder);
    const path = join(folder, 'business.db');
    if (copyOf === undefined) {
      const maker = openBusiness(path);
      maker.run(this.#options.schema);
      maker.close();
    } else this.at(copyOf, `VACUUM INTO '${path}'`);
    const paths = dataFolder(folder);
    const business = openBusiness(path);
    this.#places.set(number, { number, path, paths, reports: new ReportStore(paths.reports), business });
    if (number > 0) this.#active.add(number);
    const database = await openSqlite(path);
    await database.prepare(this.#installation(number));
    await database.close();
  }

  /** The data folder goes, the database stays; the program is set up anew. */
  async loseFolder(number: number): Promise<void> {
    const { outbox, inbox, sites, rounds } = this.paths(number);
    for (const folder of [outbox, inbox, sites, rounds]) rmSync(folder, { recursive: true, force: true });
    this.#lives.set(number, (this.#lives.get(number) ?? 0) + 1);
    const database = await this.database(number);
    await database.prepare(this.#installation(number));
    await database.close();
  }

  /** Puts a copy in place of the database, made by `VACUUM INTO` before. */
  restore(number: number, copy: string): void {
    const place = this.#place(number);
    place.business.close();
    for (const suffix of ['-wal', '-shm']) rmSync(place.path + suffix, { force: true });
    copyFileSync(copy, place.path);
    this.#places.set(number, { ...place, business: openBusiness(place.path) });
  }

  retire(site: number): void {
    this.#active.delete(site);
  }

  renew(site: number): void {
    this.#active.add(site);
  }

  at(place: number, ...statements: readonly string[]): void {
    this.#place(place).business.run(...statements);
  }

  rows(place: number, table: string, columns: readonly string[]): string[] {
    return this.#place(place).business.rows(table, columns);
  }

  paths(place: number): DataFolder {
    return this.#place(place).paths;
  }

  database(place: number): Promise<Database> {
    return openSqlite(this.#place(place).path);
  }

  /** One night, so many days after the last: these sites, then the hub. Reports by place. */
  async night(
    sites: readonly number[] = [...this.#active],
    daysLater = 1,
  ): Promise<ReadonlyMap<number, Report>> {
    return this.sessions([...sites, 0], daysLater);
  }

  /** Sessions one after the other, so many days after the last. Reports by place. */
  async sessions(places: readonly number[], daysLater = 0): Promise<ReadonlyMap<number, Report>> {
    this.#now += daysLater * DAY;
    const reports = new Map<number, Report>();
    for (const place of places) {
      reports.set(place, await this.#session(place));
      this.#date(this.#place(place).paths.folder);
      // What a site leaves at the hub has its time from there.
      if (place > 0) this.#date(this.#place(0).paths.folder);
      this.#now += 60_000;
    }
    return reports;
  }

  close(): void {
    for (const { business } of this.#places.values()) business.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #session(place: number): Promise<Report> {
    const { path, paths, reports } = this.#place(place);
    const opened = await openSqlite(path);
    const database = this.replaced.get(place)?.(opened) ?? opened;
    const role: Role = place === 0 ? 'hub' : 'site';
    const environment: SessionEnvironment = {
      clock: this.clock,
      signal: new AbortController().signal,
      events: { onMessage: () => undefined, onProgress: () => undefined, onReport: () => undefined },
    };
    const report = newReport({
      role,
      name: String(place),
      trigger: 'schedule',
      application: 'test',
      now: this.#now,
    });
    const steps = place === 0 ? this.#hub(database, environment) : this.#site(place, database, environment);
    await runSession(
      report,
      () => Promise.resolve(steps),
      environment,
      () => tidyFolder(paths, reports, { now: this.#now, reportDays: this.#options.retention.reportDays }),
    );
    await opened.close();
    await reports.save(report);
    return report;
  }

  #hub(database: Database, environment: SessionEnvironment): readonly Step[] {
    const named = (numbers: readonly number[]) =>
      numbers.map((number) => ({ number, name: `site ${String(number)}` }));
    const sites = named([...this.#active].sort((a, b) => a - b));
    const others = [...this.#places.keys()].filter((number) => number > 0 && !this.#active.has(number));
    return new HubSession({
      ...environment,
      database,
      folder: this.#hubFolder(),
      installation: this.#installation(0),
      application: 'test',
      recover: this.agreed.has(0),
      sites,
      retired: named(others),
      expected: () => sites,
      grace: null,
      policies: { default: 'newest', tables: {} },
      additive: this.additive,
      reception: new Deadline(this.clock, 0),
      acknowledgement: () => new Deadline(this.clock, 0),
      openServer: () => Promise.resolve(),
      arrival: () => Promise.reject(new Error('nothing waits')),
      onChanged: () => Promise.resolve(),
      waits: () => true,
      onReceived: () => undefined,
      retention: this.#options.retention,
    }).steps;
  }

  #site(site: number, database: Database, environment: SessionEnvironment): readonly Step[] {
    const { outbox, inbox } = this.#place(site).paths;
    const link = createFolderHubLink({
      sitesFolder: this.paths(0).sites,
      roundsFolder: this.paths(0).rounds,
      site,
      status: () => this.#status(site),
      onStored: (file) => {
        if (file.kind === 'question') this.#answers().asked(file.site, file.question);
      },
    });
    return new SiteSession({
      ...environment,
      database,
      link: this.links.get(site)?.(link) ?? link,
      installation: this.#installation(site),
      application: 'test',
      recover: this.agreed.has(site),
      site,
      outbox,
      inbox,
      manual: false,
      deadline: new Deadline(this.clock, this.patience),
      pollInterval: this.pollInterval ?? Math.max(1, this.patience),
      retention: this.#options.retention,
    }).steps;
  }

  async #status(site: number): Promise<HubStatus> {
    const bulletin = new HubBulletin(this.#hubFolder());
    const database = await this.database(0);
    await bulletin.read(database);
    await database.close();
    const { firstRound, ...status } = await bulletin.status({
      time: this.#now,
      application: 'test',
      session: null,
      additive: this.additive,
      site: { number: site, name: `site ${String(site)}` },
    });
    return this.tellsFirstRound && firstRound !== undefined ? { ...status, firstRound } : status;
  }

  /** Files that are new or were written get the test's time. */
  #date(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!this.#dated.has(path)) this.#setTime(path);
        this.#date(path);
      } else if (!entry.name.startsWith('business.db') && this.#dated.get(path) !== statSync(path).mtimeMs)
        this.#setTime(path);
    }
  }

  #setTime(path: string): void {
    utimesSync(path, this.#now / 1000, this.#now / 1000);
    this.#dated.set(path, statSync(path).mtimeMs);
  }

  #place(number: number): Place {
    const place = this.#places.get(number);
    if (place === undefined) throw new Error(`no place ${String(number)}`);
    return place;
  }

  #answers(): HubAnswers {
    return new HubAnswers({
      sitesFolder: this.paths(0).sites,
      application: 'test',
      clock: this.clock,
      openDatabase: () => this.database(0),
      onBegin: () => undefined,
      onTooMuch: () => undefined,
    });
  }

  #installation(place: number): Installation {
    const life = String(this.#lives.get(place) ?? 0);
    return { id: `installation-${String(place)}-${life}`, role: place === 0 ? 'hub' : 'site' };
  }

  #hubFolder = (): HubFolder => new HubFolder(this.paths(0).sites, this.paths(0).rounds);
}
