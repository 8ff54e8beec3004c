import { setImmediate } from 'node:timers/promises';
import type { Installation, JournalEntry } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import { HubAnswers } from '../../src/engine/hub-answers';
import { HubBulletin } from '../../src/engine/hub-bulletin';
import { Deadline } from '../../src/session/deadline';
import { HubSession } from '../../src/session/hub';
import { HubFolder } from '../../src/session/hub-folder';
import type { SessionEnvironment } from '../../src/session/session';
import { SiteSession } from '../../src/session/site';
import type { Clock } from '../../src/shared/clock';
import type { HubLink, HubStatus } from '../../src/transport/port';
import { createFolderHubLink } from '../support/folder-hub-link';
import type { Random } from '../support/random';
import { Witness, type Contents } from '../support/witness';
import { FaultyLink, type LineFaults } from './line';
import type { Business } from './machine/business';
import { disk } from './machine/disk';
import { Process, within, type Limits } from './machine/process';
import { time } from './machine/time';
import { placeBusinesses } from './places';
import { NamedFiles } from './named-files';
import { Movements } from './movements';
import { Run, type Outcome } from './run';
import { ADDED, ADDITIVE, GROWING, type Company } from './schema';
import { slippedThrough } from './waiting';

export interface SessionFaults {
  readonly limits: Limits;
  readonly line: Omit<LineFaults, 'onHubOff'> | null;
  /** How long it waits and tries again, milliseconds. */
  readonly patience: number;
}

/** Gets the story line by line; null: nobody reads it. */
export type Tell = ((line: string) => void) | null;

export interface WorldOptions {
  readonly company: Company;
  readonly sites: number;
  readonly random: Random;
  /** How long what was sent is kept, milliseconds. */
  readonly retention: number;
  readonly tell: Tell;
}

const ROOT = '/simulation';
export const outboxOf = (site: number): string => `${ROOT}/${String(site)}/outbox`;
const SITES = `${ROOT}/0/sites`;
const ROUNDS = `${ROOT}/0/rounds`;
/** Nobody's conflicts are forgotten in a simulation: what they keep is what must not be lost. */
const FOR_EVER = 1e15;

/**
 * A head office (place 0) and its establishments: real databases, the real session code, and disks, lines, clocks and
 * power that the test owns. What it found wrong is in `findings`.
 */
export class World {
  readonly witness = new Witness();
  readonly movements = new Movements();
  readonly named = new NamedFiles();
  readonly findings = new Set<string>();
  /** Codes with which a session may fail, for the test gave it a reason. */
  readonly excuses = new Set<string>();
  readonly sites: readonly number[];
  readonly places: readonly number[];
  readonly businesses: readonly Business[];
  readonly #options: WorldOptions;
  /** Somebody works at a place in the middle of a step. */
  onInterruption: (place: number) => void = () => undefined;
  readonly #runs = new Map<number, Run>();
  readonly #answers = new HubAnswers({
    sitesFolder: SITES,
    application: 'simulation',
    // Answers take no time here.
    clock: { now: () => 0, delay: () => Promise.resolve() },
    openDatabase: () => openSqlite(this.business(0).path),
    onBegin: () => undefined,
    onTooMuch: () => undefined,
  });

  private constructor(options: WorldOptions, businesses: readonly Business[]) {
    this.#options = options;
    this.businesses = businesses;
    this.places = businesses.map((_, place) => place);
    this.sites = this.places.slice(1);
  }

  static async open(options: WorldOptions): Promise<World> {
    time.reset();
    disk.reset();
    return new World(options, await placeBusinesses(options.company, options.sites));
  }

  tell(line: string): void {
    this.#options.tell?.(line);
  }

  /** A statement of the business application at one place; `@` in it is a value never written before. */
  work(place: number, sql: string): void {
    const business = this.business(place);
    let written = sql;
    const done = this.witness.run(sql, {
      run: (text) => {
        written = text;
        business.run(text);
      },
      contents: () => business.contents(),
    });
    if (done) this.movements.note(written);
    this.tell(`${this.nameOf(place)}: ${written}${done ? '' : ' (refused)'}`);
  }

  addColumn(place: number): void {
    this.business(place).addColumn(GROWING, ADDED);
    this.tell(`${this.nameOf(place)}: ${GROWING} gets a column`);
  }

  /** Whether every place has sent all, and every site has what the hub has published. */
  isQuiet(): boolean {
    const published = this.business(0).state('lastMarked');
    return (
      this.businesses.every((business) => business.pending() === 0) &&
      this.sites.every((site) => this.business(site).state('position') === published)
    );
  }

  excuse(...codes: readonly string[]): void {
    for (const code of codes) this.excuses.add(code);
  }

  contents(place: number): Contents {
    return this.business(place).contents();
  }

  /** All that the databases and their journals of conflicts hold. */
  kept(): unknown {
    return this.businesses.map((business) => [business.contents(), business.journal()]);
  }

  /** The hub's. */
  async conflicts(): Promise<readonly JournalEntry[]> {
    const database = await openSqlite(this.business(0).path);
    const conflicts = await database.conflicts(100_000);
    await database.close();
    return conflicts;
  }

  /** A site's session. Each reads its database anew, as after a restart. */
  async site(site: number, faults: SessionFaults, { recover = false } = {}): Promise<Run> {
    const process = new Process(site, faults.limits, () => this.onInterruption(site));
    const environment = this.#environment(process);
    const database = await within(process, () => openSqlite(this.business(site).path));
    const link = this.#link(site);
    const { line, patience } = faults;
    const session = new SiteSession({
      ...environment,
      database,
      link: new FaultyLink(link, { ...(line ?? this.#calm), onHubOff: () => this.powerCut(0) }),
      installation: installationOf(site),
      application: 'simulation',
      site,
      recover,
      outbox: outboxOf(site),
      inbox: `${ROOT}/${String(site)}/inbox`,
      manual: false,
      deadline: new Deadline(environment.clock, patience),
      pollInterval: 2000,
      retention: { changes: this.#options.retention, conflicts: FOR_EVER },
    });
    return this.#run(site, session.steps, environment, process);
  }

  async hub({ limits, patience }: SessionFaults, { recover = false } = {}): Promise<Run> {
    const process = new Process(0, limits, () => this.onInterruption(0));
    const environment = this.#environment(process);
    const database = await within(process, () => openSqlite(this.business(0).path));
    const sites = this.sites.map((number) => ({ number, name: this.nameOf(number) }));
    const session = new HubSession({
      ...environment,
      database,
      folder: this.#hubFolder(),
      installation: installationOf(0),
      application: 'simulation',
      sites,
      recover,
      retired: [],
      expected: () => sites,
      grace: null,
      additive: ADDITIVE,
      policies: { default: 'newest', tables: { setting: 'site' } },
      reception: new Deadline(environment.clock, patience),
      acknowledgement: () => new Deadline(environment.clock, 0),
      openServer: () => Promise.resolve(),
      arrival: (milliseconds) => {
        time.pass(milliseconds);
        return Promise.resolve();
      },
      onChanged: () => Promise.resolve(),
      waits: () => true,
      onReceived: () => undefined,
      retention: { changes: this.#options.retention, conflicts: FOR_EVER },
    });
    return this.#run(0, session.steps, environment, process);
  }

  /** The power of a place goes, with all that runs there, and comes back. */
  powerCut(place: number): void {
    this.tell(`${this.nameOf(place)}: power cut`);
    this.#runs.get(place)?.kill();
    this.named.duringPowerCut(() => disk.powerCut(place, this.#options.random));
    this.#settle();
  }

  nameOf(place: number): string {
    return place === 0 ? 'hub' : `site ${String(place)}`;
  }

  business(place: number): Business {
    const business = this.businesses[place];
    if (business === undefined) throw new Error(`no place ${String(place)}`);
    return business;
  }

  /** What the hub would tell a site. */
  async status(site: number): Promise<HubStatus> {
    const bulletin = new HubBulletin(this.#hubFolder());
    const database = await openSqlite(this.business(0).path);
    await bulletin.read(database);
    await database.close();
    return bulletin.status({
      time: time.at(0),
      application: 'simulation',
      session: null,
      site: { number: site, name: this.nameOf(site) },
    });
  }

  #run(place: number, steps: HubSession['steps'], environment: SessionEnvironment, process: Process): Run {
    const onEnd = (outcome: Outcome): void => {
      this.tell(
        `${this.nameOf(place)}: session ${outcome.kind}${'code' in outcome ? ` ${outcome.code}` : ''}`,
      );
      if (outcome.kind === 'failed' && !this.excuses.has(outcome.code)) {
        this.findings.add(`${this.nameOf(place)} failed with ${outcome.code}`);
      }
      if (outcome.kind === 'off' && this.#options.random.chance(0.6)) this.powerCut(place);
      this.#settle();
    };
    const run = new Run({
      place,
      steps,
      environment,
      process,
      onEnd,
      onStep: (name) => this.#afterStep(place, name),
    });
    this.#runs.set(place, run);
    return run;
  }

  #afterStep(place: number, step: string): void {
    this.tell(`${this.nameOf(place)}: ${step}`);
    if (WRITING.includes(step) && this.#options.tell !== null)
      this.tell(`  ${JSON.stringify(this.contents(place))}`);
    if (WRITING.includes(step) && this.business(place).hasOrphans()) {
      this.findings.add(`${this.nameOf(place)}: a foreign key is broken after ${step}`);
    }
    if (place === 0 && step === 'merge') {
      for (const finding of slippedThrough(this.business(0), this.sites)) this.findings.add(finding);
    }
    this.#settle();
  }

  /** What bears its final name now bears it for ever. */
  #settle(): void {
    for (const path of this.named.changed()) this.findings.add(`${path} changed after it was named`);
  }

  #environment(process: Process): SessionEnvironment {
    const events = { onMessage: () => undefined, onProgress: () => undefined, onReport: () => undefined };
    const clock: Clock = {
      now: () => time.at(process.place),
      delay: async (milliseconds, signal) => {
        signal?.throwIfAborted();
        time.pass(milliseconds);
        // The hub answers meanwhile.
        await setImmediate();
      },
    };
    return { clock, signal: process.signal, events };
  }

  #link(site: number): HubLink {
    return createFolderHubLink({
      sitesFolder: SITES,
      roundsFolder: ROUNDS,
      site,
      status: () => this.status(site),
      onStored: (file) => {
        if (file.kind === 'question') this.#answers.asked(file.site, file.question);
      },
    });
  }

  get #calm(): Omit<LineFaults, 'onHubOff'> {
    return { random: this.#options.random, cut: 0, flip: 0, hubOff: 0 };
  }

  #hubFolder = (): HubFolder => new HubFolder(SITES, ROUNDS);
}

/** Steps that write into the company's own tables. */
const WRITING = ['merge', 'wait', 'apply'];

const installationOf = (place: number): Installation => ({
  id: `installation-${String(place)}`,
  role: place === 0 ? 'hub' : 'site',
});
