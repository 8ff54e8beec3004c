import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import cliTexts from '../../locales/fr/cli.json';
import engineTexts from '../../locales/fr/engine.json';
import type { CommandContext } from '../../src/commands/context';
import { addSite, init, pair, set } from '../../src/commands/setup';
import { prepare } from '../../src/commands/tracking';
import { loadSettings } from '../../src/config/settings';
import type {
  CheckResult,
  ComparisonProgress,
  LogLine,
  Overview,
  SnapshotProgress,
} from '../../src/engine/contract';
import { Engine } from '../../src/engine/engine';
import type { Parts } from '../../src/engine/parts';
import { parts } from '../../src/main';
import type { Report } from '../../src/report/report';
import { systemClock } from '../../src/shared/clock';
import { createTranslator } from '../../src/shared/translate';
import { openBusiness, type Business } from './business';
import { freeHubPorts } from './ports';
import type { Contents } from './witness';

const translate = createTranslator(engineTexts, cliTexts);

/** The company's clocks run this many times faster than the machine's. */
const HASTE = 10;

export interface EngineCompanyOptions {
  readonly schema: string;
  readonly sites: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running engine, and what it tells. */
export interface RunningEngine {
  readonly engine: Engine;
  /** Events `checked` so far. */
  readonly checks: readonly CheckResult[];
  /** Events `comparing` so far. */
  readonly compared: readonly (ComparisonProgress | null)[];
  /** Events `snapshotAdvances` so far. */
  readonly snapshots: readonly (SnapshotProgress | null)[];
  /** Events without content so far: `settings`, `conflicts`. */
  readonly changes: readonly string[];
  /** Resolves at the first log line of this key, told or still to come. */
  logged(key: string): Promise<LogLine>;
  /** Resolves at the first state of the engine that satisfies, from now on. */
  overview(satisfies: (overview: Overview) => boolean): Promise<Overview>;
}

export interface EnginePost {
  readonly name: string;
  readonly data: string;
  /** Of the database file, or the address of a database on a server. */
  readonly path: string;
}

/** A hub and sites as engines in this process, over real FTPS and on real databases. The hub is called `hub`. */
export class EngineCompany {
  readonly posts: EnginePost[];
  readonly #folder: string;
  readonly #businesses = new Map<string, Business>();
  readonly #engines = new Map<string, RunningEngine>();
  readonly #changedParts = new Map<string, Partial<Parts>>();
  readonly #started = systemClock.now();
  /** Milliseconds that the company's clocks were set forward. */
  #ahead = 0;

  private constructor(folder: string, posts: EnginePost[]) {
    this.#folder = folder;
    this.posts = posts;
  }

  static async open({ schema, sites, settings = {} }: EngineCompanyOptions): Promise<EngineCompany> {
    const folder = mkdtempSync(join(tmpdir(), 'engines-'));
    const original = join(folder, 'original.db');
    const base = new DatabaseSync(original);
    base.exec(schema);
    base.close();
    const posts = ['hub', ...sites].map((name) => {
      return makePost(folder, name, original);
    });
    const company = new EngineCompany(folder, posts);
    await company.#setUp(settings);
    return company;
  }

  /** On databases that are there already, with nothing of ours in them. The first post is the hub. */
  static async openOn(
    databases: Readonly<Record<string, string>>,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<EngineCompany> {
    const folder = mkdtempSync(join(tmpdir(), 'engines-'));
    const posts = Object.entries(databases).map(([name, path]) => {
      const data = join(folder, name);
      mkdirSync(data);
      return { name, data, path };
    });
    const company = new EngineCompany(folder, posts);
    await company.#setUp(settings);
    return company;
  }

  post(name: string): EnginePost {
    const post = this.posts.find((each) => each.name === name);
    if (post === undefined) throw new Error(`no post ${name}`);
    return post;
  }

  /** The company's application at one post. */
  at(name: string, ...statements: readonly string[]): void {
    this.#business(name).run(...statements);
  }

  everywhere(...statements: readonly string[]): void {
    for (const { name } of this.posts) this.at(name, ...statements);
  }

  contents(name: string): Contents {
    const handle = new DatabaseSync(this.post(name).path);
    try {
      const tables = handle
        .prepare(
          `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sync$%' ORDER BY name`,
        )
        .all()
        .map(nameIn);
      const columnsOf = (table: string): string[] =>
        handle.prepare('SELECT name FROM pragma_table_xinfo(?)').all(table).map(nameIn).sort();
      return Object.fromEntries(
        tables.map((table) => [table, this.#business(name).rows(table, columnsOf(table))]),
      );
    } finally {
      handle.close();
    }
  }

  /** Clocks of the whole company go forward. */
  advance(minutes: number): void {
    this.#ahead += minutes * 60_000;
  }

  /** What the company's clocks show, milliseconds since 1970, UTC. */
  now(): number {
    return this.#started + (systemClock.now() - this.#started) * HASTE + this.#ahead;
  }

  /** Replaces parts of a post's engines from the next one on; `{}` puts them back. */
  changeParts(name: string, changes: Partial<Parts>): void {
    this.#changedParts.set(name, changes);
  }

  /** Takes the data folder of a post, as a start of the program does. */
  async start(name: string): Promise<RunningEngine> {
    const running = follow((events) => new Engine(this.#parts(name), this.post(name).data, events));
    await running.engine.open();
    this.#engines.set(name, running);
    return running;
  }

  /** As the end of the program. */
  async stop(name: string): Promise<void> {
    await this.#engines.get(name)?.engine.shutdown();
    this.#engines.delete(name);
  }

  /** One session at one post, from the start of the program to its end. */
  async session(name: string, agreed: { readonly recover?: boolean } = {}): Promise<Report> {
    const { engine } = await this.start(name);
    try {
      return await engine.synchronise('manual', agreed);
    } finally {
      await this.stop(name);
    }
  }

  /** A site asks a hub that stands ready for a session of the two. */
  async visit(site: string, agreed: { readonly recover?: boolean } = {}): Promise<Report> {
    const hub = await this.start('hub');
    await hub.engine.serve();
    const report = await this.session(site, agreed);
    const ends = ['ok', 'warnings', 'partial'].map((state) => hub.logged(`session.ended.${state}`));
    if (report.error === null) await Promise.race(ends);
    await this.stop('hub');
    return report;
  }

  /** A session at each of these posts, all at once; at every post by default. */
  async synchronise(
    names: readonly string[] = this.posts.map(({ name }) => name),
    { recover }: { /** The post where the user agreed to it. */ readonly recover?: string } = {},
  ): Promise<Record<string, Report>> {
    const reports = names.map(
      async (name) => [name, await this.session(name, { recover: name === recover })] as const,
    );
    return Object.fromEntries(await Promise.all(reports));
  }

  /** Runs a set-up command; its answer as JSON. */
  async command(name: string, run: (context: CommandContext) => Promise<number>): Promise<unknown> {
    let answer = 'null';
    const code = await run({
      parts,
      folder: this.post(name).data,
      json: true,
      translate,
      print: (text) => (answer = text),
      tell: () => undefined,
      signal: new AbortController().signal,
    });
    if (code !== 0) throw new Error(answer);
    return JSON.parse(answer) as unknown;
  }

  /** A copy of a post's database as a backup program makes it. */
  backUp(name: string, copy: string): string {
    const file = join(this.#folder, copy);
    this.at(name, `VACUUM INTO '${file}'`);
    return file;
  }

  restore(name: string, file: string): void {
    const { path } = this.post(name);
    this.#businesses.get(name)?.close();
    this.#businesses.delete(name);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    copyFileSync(file, path);
  }

  /** Keeps what a hub has received and published; the answer puts it back as it is now. */
  backUpFolder(name: string): () => void {
    const { data } = this.post(name);
    const copies = ['rounds', 'sites'].map((part) => ({
      from: join(data, part),
      to: join(data, `${part}-old`),
    }));
    for (const { from, to } of copies) cpSync(from, to, { recursive: true });
    return () => {
      for (const { from, to } of copies) {
        rmSync(from, { recursive: true });
        cpSync(to, from, { recursive: true });
      }
    };
  }

  /** The folder goes; the program is set up anew on the same database, and is paired with nobody yet. */
  async loseFolder(name: string): Promise<void> {
    const { data, path } = this.post(name);
    const { hub } = await loadSettings(data);
    rmSync(data, { recursive: true });
    mkdirSync(data);
    const role =
      hub === null ? { role: 'site' } : { role: 'hub', port: String(hub.port), address: '127.0.0.1' };
    await this.command(name, (context) => init(context, { ...role, name, database: path }));
    await this.command(name, prepare);
    if (hub === null) return;
    const { from, to } = hub.passivePorts;
    await this.command(name, (context) => set(context, 'hub.passivePorts.from', String(from)));
    await this.command(name, (context) => set(context, 'hub.passivePorts.to', String(to)));
  }

  async close(): Promise<void> {
    for (const name of this.#engines.keys()) await this.stop(name);
    for (const business of this.#businesses.values()) business.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #business(name: string): Business {
    const business = this.#businesses.get(name) ?? openBusiness(this.post(name).path, { foreignKeys: true });
    this.#businesses.set(name, business);
    return business;
  }

  #parts(name: string): Parts {
    const clock: Parts['clock'] = {
      now: () => this.now(),
      delay: (milliseconds, signal) => systemClock.delay(milliseconds / HASTE, signal),
    };
    return { ...parts, clock, ...this.#changedParts.get(name) };
  }

  /** A site that joins later, with a copy of this database. */
  async join(name: string, database: string): Promise<void> {
    await this.#join(makePost(this.#folder, name, database));
  }

  /** A site that joins later, with a database that is there already. */
  async joinOn(name: string, path: string): Promise<void> {
    const data = join(this.#folder, name);
    mkdirSync(data);
    await this.#join({ name, data, path });
  }

  async #join(post: EnginePost): Promise<void> {
    const { name } = post;
    this.posts.push(post);
    await this.command(name, (context) => init(context, { role: 'site', name, database: post.path }));
    await this.command(name, prepare);
    await this.pair(name, await this.addSite(name));
  }

  async #setUp(settings: Readonly<Record<string, string>>): Promise<void> {
    const { port, passive } = await freeHubPorts();
    for (const { name, path } of this.posts) {
      const hub = name === 'hub' ? { port: String(port), address: '127.0.0.1' } : {};
      await this.command(name, (context) =>
        init(context, { role: name === 'hub' ? 'hub' : 'site', name, database: path, ...hub }),
      );
      await this.command(name, prepare);
      for (const [key, value] of Object.entries(settings))
        await this.command(name, (context) => set(context, key, value));
      if (name === 'hub') {
        await this.command(name, (context) => set(context, 'hub.passivePorts.from', String(passive.from)));
        await this.command(name, (context) => set(context, 'hub.passivePorts.to', String(passive.to)));
      } else await this.pair(name, await this.addSite(name));
    }
  }

  /** The pairing code. */
  async addSite(name: string, give: typeof addSite = addSite): Promise<string> {
    const answer = await this.command('hub', (context) => give(context, name));
    if (typeof answer !== 'object' || answer === null || !('code' in answer)) throw new Error('no code');
    return String(answer.code);
  }

  async pair(name: string, code: string): Promise<void> {
    await this.command(name, (context) => pair(context, code));
  }
}

function makePost(folder: string, name: string, database: string): EnginePost {
  const post = { name, data: join(folder, name), path: join(folder, `${name}.db`) };
  copyFileSync(database, post.path);
  mkdirSync(post.data);
  return post;
}

const nameIn = ({ name }: Record<string, unknown>): string => String(name);

/** An engine that is followed from before its start. */
export function follow(make: (events: ConstructorParameters<typeof Engine>[2]) => Engine): RunningEngine {
  const lines: LogLine[] = [];
  const checks: CheckResult[] = [];
  const compared: (ComparisonProgress | null)[] = [];
  const snapshots: (SnapshotProgress | null)[] = [];
  const changes: string[] = [];
  const onLine = new Set<(line: LogLine) => void>();
  const onOverview = new Set<(overview: Overview) => void>();
  const engine = make({
    logged: (line) => {
      lines.push(line);
      for (const listener of onLine) listener(line);
    },
    overviewChanged: (overview) => {
      for (const listener of onOverview) listener(overview);
    },
    historyChanged: () => undefined,
    blockedChanged: () => undefined,
    checked: (result) => checks.push(result),
    comparing: (progress) => compared.push(progress),
    snapshotAdvances: (progress) => snapshots.push(progress),
    settingsChanged: () => changes.push('settings'),
    conflictsChanged: () => changes.push('conflicts'),
  });
  return {
    engine,
    checks,
    compared,
    snapshots,
    changes,
    logged: (key) =>
      new Promise((resolve) => {
        const look = (line: LogLine): void => {
          if (line.key === key) resolve(line);
        };
        lines.forEach(look);
        onLine.add(look);
      }),
    overview: (satisfies) =>
      new Promise((resolve) => {
        onOverview.add((overview) => {
          if (satisfies(overview)) resolve(overview);
        });
      }),
  };
}
