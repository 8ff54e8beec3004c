import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { z } from 'zod';
import { openBusiness, type Business } from './business';
import { freeHubPorts } from './ports';
import type { Ended, Program, Running } from './program';

/** One installation: a data folder and a database. */
export interface Post {
  readonly name: string;
  readonly data: string;
  readonly path: string;
  readonly business: Business;
}

export interface InstallationsOptions {
  /** Run once, in the database that all the others are copies of. */
  readonly schema: string;
  readonly sites: readonly string[];
  /** By which the sites reach the hub; this machine itself by default. */
  readonly address?: string;
  /** Where the company's application has foreign keys turned on; nowhere by default. */
  readonly foreignKeysAt?: readonly string[];
  /** Further settings, at everyone who has them. */
  readonly settings?: Readonly<Record<string, string>>;
}

const codeSchema = z.object({ code: z.string() });

/** A company that is set up and synchronised by command line alone. The hub is called `hub`. */
export class Installations {
  readonly posts: readonly Post[];

  private constructor(
    readonly commandLine: Program,
    posts: readonly Post[],
  ) {
    this.posts = posts;
  }

  static async open(
    commandLine: Program,
    name: string,
    options: InstallationsOptions,
  ): Promise<Installations> {
    const folder = commandLine.subfolder(name);
    const posts = makePosts(folder, options);
    const company = new Installations(commandLine, posts);
    const { port, passive } = await freeHubPorts();
    const { address = '127.0.0.1' } = options;
    const hub = ['--role', 'hub', '--port', String(port), '--address', address];
    await company.#everywhere(({ name: post, path }) => [
      'init',
      '--name',
      post,
      '--database',
      `sqlite:${path}`,
      ...(post === 'hub' ? hub : ['--role', 'site']),
    ]);
    await company.set('hub', 'hub.passivePorts.from', String(passive.from));
    await company.set('hub', 'hub.passivePorts.to', String(passive.to));
    for (const [key, value] of Object.entries(options.settings ?? {})) {
      for (const post of posts) await company.set(post.name, key, value);
    }
    await Promise.all([company.#everywhere(() => ['prepare']), company.#pairAll(options.sites)]);
    return company;
  }

  post(name: string): Post {
    const post = this.posts.find((each) => each.name === name);
    if (post === undefined) throw new Error(`no post ${name}`);
    return post;
  }

  /** The company's application at one post. */
  at(name: string, ...statements: readonly string[]): void {
    this.post(name).business.run(...statements);
  }

  start(name: string, ...args: readonly string[]): Running {
    return this.commandLine.start(...args, '--data', this.post(name).data);
  }

  run(name: string, ...args: readonly string[]): Promise<Ended> {
    return this.start(name, ...args).ended;
  }

  json(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.commandLine.json(...args, '--data', this.post(name).data);
  }

  async set(name: string, key: string, value: string): Promise<void> {
    const { code, stderr } = await this.run(name, 'set', key, value);
    if (code !== 0) throw new Error(`set ${key} at ${name}: ${stderr}`);
  }

  /** `sync` everywhere at once; exit codes by post. */
  async synchronise(): Promise<Record<string, number | null>> {
    const codes = this.posts.map(async ({ name }) => {
      const { code } = await this.run(name, 'sync');
      return [name, code] as const;
    });
    return Object.fromEntries(await Promise.all(codes));
  }

  /** Every table of a post's own, row by row as text. */
  contents(name: string): Record<string, string[]> {
    const { path, business } = this.post(name);
    return Object.fromEntries(
      ownTables(path).map(({ table, columns }) => [table, business.rows(table, columns)]),
    );
  }

  close(): void {
    for (const { business } of this.posts) business.close();
  }

  async #pairAll(sites: readonly string[]): Promise<void> {
    for (const site of sites) {
      const { code } = codeSchema.parse(await this.json('hub', 'sites', 'add', site));
      const paired = await this.run(site, 'pair', code);
      if (paired.code !== 0) throw new Error(`pair ${site}: ${paired.stderr}`);
    }
  }

  async #everywhere(command: (post: Post) => readonly string[]): Promise<void> {
    const ended = await Promise.all(this.posts.map((post) => this.run(post.name, ...command(post))));
    for (const { code, stderr } of ended) if (code !== 0) throw new Error(stderr);
  }
}

function makePosts(folder: string, { schema, sites, foreignKeysAt = [] }: InstallationsOptions): Post[] {
  const original = join(folder, 'original.db');
  const base = new DatabaseSync(original);
  base.exec(schema);
  base.close();
  return ['hub', ...sites].map((name) => {
    const path = join(folder, `${name}.db`);
    copyFileSync(original, path);
    const business = openBusiness(path, { foreignKeys: foreignKeysAt.includes(name) });
    return { name, data: join(folder, name), path, business };
  });
}

/** Tables that are the company's, not ours, with their columns, generated ones included. */
function ownTables(path: string): { table: string; columns: string[] }[] {
  const handle = new DatabaseSync(path);
  try {
    const names = handle
      .prepare(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sync$%' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
      )
      .all()
      .map(({ name }) => String(name));
    return names.map((table) => ({
      table,
      columns: handle
        .prepare('SELECT name FROM pragma_table_xinfo(?)')
        .all(table)
        .map(({ name }) => String(name))
        .sort(),
    }));
  } finally {
    handle.close();
  }
}
