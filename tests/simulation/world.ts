import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Database } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import { newReport } from '../../src/report/new-report';
import { Deadline } from '../../src/session/deadline';
import { HubSession } from '../../src/session/hub';
import { HubFolder } from '../../src/session/hub-folder';
import type { SessionEnvironment, Step } from '../../src/session/session';
import { SessionEnd, StepHandle } from '../../src/session/session';
import { SiteSession } from '../../src/session/site';
import type { Clock } from '../../src/shared/clock';
import type { HubLink, HubStatus } from '../../src/transport/port';
import { openBusiness, type Business } from '../support/business';
import { createFolderHubLink } from '../support/folder-hub-link';
import { Witness, type Contents } from '../support/witness';
import { withKill, type Fuse } from './kill';

/** The hub is place 0; sites are 1, 2, 3. */
export const SITES = [1, 2, 3] as const;
export const PLACES = [0, ...SITES] as const;

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE, note TEXT);
  CREATE TABLE visit (
    id INTEGER PRIMARY KEY, member INTEGER REFERENCES member ON DELETE CASCADE ON UPDATE CASCADE, word TEXT);
  CREATE TABLE setting (place TEXT, name TEXT, value TEXT, PRIMARY KEY (place, name)) WITHOUT ROWID;
  INSERT INTO member VALUES (1, 'm1', 'a', NULL), (2, 'm2', 'b', NULL), (3, 'm3', NULL, 'n');
  INSERT INTO visit VALUES (1, 1, 'w1'), (2, 2, 'w2');
  INSERT INTO setting VALUES ('x', 'y', 'z');
`;
const TABLES = {
  member: ['id', 'name', 'mail', 'note'],
  visit: ['id', 'member', 'word'],
  setting: ['place', 'name', 'value'],
} as const;

/** What nobody needs any more is forgotten in the same night, whatever the clocks of the test and of its files say. */
const FORGETS_AT_ONCE = { changes: -1e12, conflicts: 1e12 };

/** In memory where the system has such a folder: thousands of transactions each wait for their disk. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Whether a session came to its end, or its machine was switched off under it. */
export type Outcome = 'ended' | 'killed';

/**
 * A head office and three establishments in one folder: real databases, batches and rounds, the real session code, and
 * nothing that the test does not own. Sessions never wait: who has not come by then is late.
 */
export class World {
  readonly witness = new Witness();
  readonly #folder = mkdtempSync(join(SCRATCH, 'synchro-simulation-'));
  readonly #businesses: Business[] = [];
  #now = Date.UTC(2026, 0, 1);

  private readonly clock: Clock = {
    now: () => (this.#now += 1),
    delay: () => Promise.reject(new Error('nothing in a simulation waits')),
  };

  static async open(): Promise<World> {
    const world = new World();
    for (const place of PLACES) {
      const path = world.#database(place);
      mkdirSync(join(world.#folder, String(place)), { recursive: true });
      const maker = openBusiness(path);
      maker.run(SCHEMA);
      maker.close();
      const database = await openSqlite(path);
      await database.prepare(world.#installation(place));
      await database.close();
      world.#businesses.push(openBusiness(path, { foreignKeys: true }));
    }
    return world;
  }

  close(): void {
    for (const business of this.#businesses) business.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A statement of the business application at one place; `@` in it is a value never written before. */
  work(place: number, sql: string): boolean {
    const business = this.#business(place);
    return this.witness.run(sql, { run: (text) => business.run(text), contents: () => this.contents(place) });
  }

  contents(place: number): Contents {
    const business = this.#business(place);
    return Object.fromEntries(
      Object.entries(TABLES).map(([table, columns]) => [table, business.rows(table, columns)]),
    );
  }

  /** All that the databases and the hub's journal of conflicts hold, as one text. */
  async kept(): Promise<string> {
    const database = await openSqlite(this.#database(0));
    const conflicts = await database.conflicts(100_000);
    await database.close();
    return inspect([PLACES.map((place) => this.contents(place)), conflicts], {
      depth: 10,
      maxArrayLength: null,
    });
  }

  /** Steps of a site's session; `run` them in order. Each session reads its database anew, as after a restart. */
  async site(site: number, fuse: Fuse): Promise<Run> {
    const database = withKill(await openSqlite(this.#database(site)), fuse);
    const environment = this.#environment();
    const session = new SiteSession({
      ...environment,
      database,
      link: withKill(this.#link(site), fuse),
      installation: this.#installation(site),
      application: 'simulation',
      site,
      outbox: join(this.#folder, String(site), 'outbox'),
      inbox: join(this.#folder, String(site), 'inbox'),
      manual: false,
      deadline: new Deadline(this.clock, 0),
      pollInterval: 1,
      retention: FORGETS_AT_ONCE,
    });
    return new Run(session.steps, 'site', environment, database, fuse);
  }

  async hub(fuse: Fuse): Promise<Run> {
    const database = withKill(await openSqlite(this.#database(0)), fuse);
    const environment = this.#environment();
    const sites = SITES.map((number) => ({ number, name: `site ${String(number)}` }));
    const session = new HubSession({
      ...environment,
      database,
      folder: this.#hubFolder(),
      installation: this.#installation(0),
      application: 'simulation',
      sites,
      retired: [],
      expected: () => sites,
      grace: null,
      additive: {},
      policies: { default: 'newest', tables: { setting: 'site' } },
      reception: new Deadline(this.clock, 0),
      acknowledgement: () => new Deadline(this.clock, 0),
      openServer: () => Promise.resolve(),
      arrival: () => Promise.reject(new Error('nothing in a simulation waits')),
      onChanged: () => Promise.resolve(),
      waits: () => true,
      onReceived: () => undefined,
      retention: FORGETS_AT_ONCE,
    });
    return new Run(session.steps, 'hub', environment, database, fuse);
  }

  #environment(): SessionEnvironment {
    const events = { onMessage: () => undefined, onProgress: () => undefined, onReport: () => undefined };
    return { clock: this.clock, signal: new AbortController().signal, events };
  }

  #link(site: number): HubLink {
    return createFolderHubLink({
      sitesFolder: join(this.#folder, '0', 'sites'),
      roundsFolder: join(this.#folder, '0', 'rounds'),
      site,
      status: () => this.#status(site),
    });
  }

  async #status(site: number): Promise<HubStatus> {
    const folder = this.#hubFolder();
    const database = await openSqlite(this.#database(0));
    const merged = (await database.ledger()).filter((entry) => entry.site === site).map(({ batch }) => batch);
    await database.close();
    const last = Math.max(0, ...merged);
    return {
      time: this.clock.now(),
      application: 'simulation',
      protocol: 1,
      session: null,
      round: await folder.lastRound(),
      site: {
        number: site,
        name: `site ${String(site)}`,
        merged: last,
        received: (await folder.received(site)).filter((batch) => batch > last),
        acknowledged: await folder.acknowledged(site),
      },
    };
  }

  #business(place: number): Business {
    const business = this.#businesses[place];
    if (business === undefined) throw new Error(`no place ${String(place)}`);
    return business;
  }

  #hubFolder = (): HubFolder =>
    new HubFolder(join(this.#folder, '0', 'sites'), join(this.#folder, '0', 'rounds'));
  #database = (place: number): string => join(this.#folder, `${String(place)}.db`);
  #installation = (place: number): { id: string; role: 'hub' | 'site' } => ({
    id: `installation-${String(place)}`,
    role: place === 0 ? 'hub' : 'site',
  });
}

/** A session under way, driven step by step. */
export class Run {
  readonly #steps: Step[];
  readonly #report;
  readonly #environment: SessionEnvironment;
  readonly #database: Database;
  readonly #fuse: Fuse;

  constructor(
    steps: readonly Step[],
    role: 'hub' | 'site',
    environment: SessionEnvironment,
    database: Database,
    fuse: Fuse,
  ) {
    this.#steps = [...steps];
    this.#environment = environment;
    this.#database = database;
    this.#fuse = fuse;
    const { clock } = environment;
    this.#report = newReport({
      role,
      name: 'simulated',
      trigger: 'schedule',
      application: 'simulation',
      now: clock.now(),
    });
  }

  /** Whether steps are left. */
  get open(): boolean {
    return this.#steps.length > 0;
  }

  /** Runs the next step; the last one, a kill or an early end closes the database as the end of a process does. */
  async next(): Promise<Outcome | null> {
    const step = this.#steps.shift();
    const line = this.#report.steps.find(({ name }) => name === step?.name);
    if (step === undefined || line === undefined) throw new Error('no step is left');
    try {
      await step.run(new StepHandle(this.#report, line, this.#environment));
    } catch (error) {
      if (!(error instanceof SessionEnd) && !this.#fuse.blown) throw error;
      this.#steps.length = 0;
    }
    if (this.#steps.length > 0) return null;
    await this.#database.close();
    return this.#fuse.blown ? 'killed' : 'ended';
  }

  /** The machine is switched off between two steps. */
  async kill(): Promise<void> {
    this.#steps.length = 0;
    await this.#database.close();
  }
}
