import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatFor } from '../../src/batch/header';
import type { Manifest } from '../../src/batch/manifest';
import { manifestSchema } from '../../src/batch/manifest';
import { openBatch } from '../../src/batch/reader';
import { createBatchWriter } from '../../src/batch/writer';
import { PlainBatches } from '../../src/capture/plain-batches';
import { writeRound } from '../../src/capture/write-round';
import type { AdditiveColumns } from '../../src/database/additive';
import type { Conflict, Database, Policy, Table } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import { applyRound, type RoundOutcome } from '../../src/merge/apply-round';
import { mergeBatch, type MergeOutcome } from '../../src/merge/merge-batch';
import { retryRefused, type RetryOutcome } from '../../src/merge/retry-refused';
import { schemasOf } from '../../src/merge/schema-differences';
import { roundFolder } from '../../src/transport/names';
import { openBusiness, type Business } from './business';

export interface Place {
  /** 0: the hub. */
  readonly number: number;
  readonly path: string;
  readonly database: Database;
  readonly business: Business;
}

interface BatchFile {
  readonly site: number;
  readonly number: number;
  readonly file: string;
  readonly sha256: string;
}

export interface CompanyOptions {
  readonly sites: number;
  /** Run in every database before it is prepared. */
  readonly schema: string;
  /** Instead of `schema` at one place. */
  readonly schemaAt?: Readonly<Record<number, string>>;
  readonly foreignKeys?: boolean;
  readonly policy?: Policy;
  /** Declared everywhere from the start. */
  readonly additive?: AdditiveColumns;
  /** A folder that `saveTo` filled, to start from; `schema` is not run then. */
  readonly template?: string;
}

/** In memory where the system has such a folder: thousands of transactions each wait for their disk. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A hub and its sites, all in this process: real databases and real files, no transport and no sessions. */
export class Company {
  readonly folder = mkdtempSync(join(SCRATCH, 'company-'));
  readonly places: Place[] = [];
  readonly rounds: Manifest[] = [];
  readonly #batches: BatchFile[] = [];
  #plain = new PlainBatches();
  readonly #options: CompanyOptions;
  readonly #tables = new Map<number, readonly Table[]>();

  private constructor(options: CompanyOptions) {
    this.#options = options;
  }

  static async open(options: CompanyOptions): Promise<Company> {
    const company = new Company(options);
    for (let number = 0; number <= options.sites; number += 1) {
      await company.addPlace(number, options.schemaAt?.[number] ?? options.schema);
    }
    return company;
  }

  async addPlace(number: number, schema: string): Promise<void> {
    const { template, foreignKeys = false } = this.#options;
    const path = join(this.folder, fileOf(number));
    if (template !== undefined) copyFileSync(join(template, fileOf(number)), path);
    writeFileSync(path, '', { flag: 'a' });
    const business = openBusiness(path, { foreignKeys });
    if (template === undefined) business.run(schema);
    this.places[number] = { number, path, database: await openSqlite(path), business };
    await this.prepare(number);
    if (this.#options.additive !== undefined) await this.declare(number, this.#options.additive);
  }

  /** Declares columns additive at one place, and renews its tracking. */
  async declare(number: number, additive: AdditiveColumns): Promise<void> {
    await this.place(number).database.declareAdditive(additive);
    await this.prepare(number);
  }

  /** Prepares a place, for the first time or after its tables changed. */
  async prepare(number: number): Promise<void> {
    this.#tables.delete(number);
    const role = number === 0 ? 'hub' : 'site';
    await this.place(number).database.prepare({ id: `place-${String(number)}`, role });
  }

  async tables(number: number): Promise<readonly Table[]> {
    const known = this.#tables.get(number) ?? (await this.place(number).database.catalogue()).tables;
    this.#tables.set(number, known);
    return known;
  }

  /** A new place whose database is a copy of another's, as it stands. */
  async addCopy(number: number, of: number): Promise<void> {
    const { path } = this.place(of);
    const copy = join(this.folder, fileOf(number));
    for (const suffix of ['', '-wal'])
      if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    await this.addPlace(number, '');
  }

  async close(): Promise<void> {
    for (const { database, business } of this.places) {
      business.close();
      await database.close();
    }
    rmSync(this.folder, { recursive: true });
  }

  /** Closes the company and copies its prepared databases, for others to start from. */
  async saveTo(folder: string): Promise<void> {
    for (const { database, business } of this.places) {
      business.close();
      await database.close();
    }
    for (const { path, number } of this.places.splice(0)) copyFileSync(path, join(folder, fileOf(number)));
    rmSync(this.folder, { recursive: true });
  }

  place(number: number): Place {
    const place = this.places[number];
    if (place === undefined) throw new Error(`no place ${String(number)}`);
    return place;
  }

  get hub(): Database {
    return this.place(0).database;
  }

  /** The company's application at one place. */
  at(number: number, ...statements: string[]): void {
    this.place(number).business.run(...statements);
  }

  /** Captures a site's changes into its next batch and delivers it. Resolves to the number of changes. */
  async send(site: number, clockOffset = 0): Promise<number> {
    const { database } = this.place(site);
    const state = await database.state();
    if (state === null) throw new Error('not prepared');
    const number = state.lastMarked + 1;
    const tables = await this.tables(site);
    const file = join(this.folder, `batch-${String(site)}-${String(number)}`);
    const writer = createBatchWriter(file, {
      format: formatFor(tables),
      application: 'test',
      kind: 'batch',
      origin: site,
      number,
      base: state.position,
      ...schemasOf(tables),
      clockOffset,
    });
    for await (const { block } of database.capture(number, namesOf(tables))) await writer.write(block);
    const summary = await writer.finish();
    this.#batches.push({ site, number, file, sha256: summary.sha256 });
    return summary.changes;
  }

  /** Merges every delivered batch, by site and number, and tries again what was refused. */
  async merge(): Promise<Conflict[]> {
    const batches = this.#batches.splice(0).sort((a, b) => a.site - b.site || a.number - b.number);
    const conflicts: Conflict[] = [];
    for (const batch of batches) conflicts.push(...(await this.mergeOne(batch)).conflicts);
    conflicts.push(...(await this.retry()).conflicts);
    return conflicts;
  }

  /** Tries again what the hub's database refused. */
  async retry(): Promise<RetryOutcome> {
    return retryRefused(this.hub, { tables: await this.tables(0), now: 1_800_000_000_000 });
  }

  async mergeOne({ site, file, sha256 }: BatchFile): Promise<MergeOutcome> {
    const reader = await openBatch(file);
    try {
      const outcome = await mergeBatch(this.hub, reader, {
        tables: await this.tables(0),
        policies: { default: this.#options.policy ?? 'newest', tables: {} },
        sha256,
        now: 1_800_000_000_000,
      });
      const { clockOffset } = reader.header;
      const frames = reader.frames.filter(({ table }) => outcome.plain.has(table));
      this.#plain.add({ site, file, sha256, clockOffset, frames });
      return outcome;
    } finally {
      await reader.close();
    }
  }

  /** The batches delivered and not merged yet, in the order of delivery. */
  delivered(): readonly BatchFile[] {
    return [...this.#batches];
  }

  /** Publishes all the hub's changes as the next round. Resolves to the number of changes in it. */
  async publish(): Promise<number> {
    const round = this.rounds.length + 1;
    const tables = await this.tables(0);
    const roundsFolder = join(this.folder, 'rounds');
    const manifest = await writeRound(this.hub, {
      round,
      roundsFolder,
      application: 'test',
      schemas: schemasOf(tables),
      sites: this.places.map(({ number }) => number).filter((number) => number > 0),
      tables: namesOf(tables),
      plain: this.#plain,
      now: 1_764_021_600_000,
      signal: new AbortController().signal,
      onChanges: () => undefined,
    });
    this.#plain = new PlainBatches();
    this.rounds.push(manifestSchema.parse(manifest));
    return manifest.segments.reduce((sum, { changes }) => sum + changes, 0);
  }

  /** Where each segment of a round is. */
  segmentsOf({ round, segments }: Manifest): { readonly origin: number; readonly file: string }[] {
    const folder = roundFolder(join(this.folder, 'rounds'), round);
    return segments.map(({ origin, name }) => ({ origin, file: join(folder, name) }));
  }

  /** Applies every round that a site has not applied, or up to `last`. */
  async receive(site: number, last = this.rounds.length): Promise<RoundOutcome[]> {
    const { database } = this.place(site);
    const outcomes: RoundOutcome[] = [];
    for (const round of this.rounds.slice((await database.state())?.position ?? 0, last)) {
      outcomes.push(await this.apply(site, round.round));
    }
    return outcomes;
  }

  async apply(site: number, number: number): Promise<RoundOutcome> {
    const { database } = this.place(site);
    const round = this.rounds[number - 1];
    if (round === undefined) throw new Error(`no round ${String(number)}`);
    return applyRound(database, round, {
      site,
      tables: await this.tables(site),
      files: this.segmentsOf(round).flatMap(({ origin, file }) => (origin === site ? [] : [file])),
    });
  }

  /** One whole synchronisation with these sites, all by default. Resolves to what travelled and the conflicts. */
  async synchronise(
    sites: readonly number[] = this.places.slice(1).map(({ number }) => number),
  ): Promise<{ sent: number; published: number; conflicts: Conflict[] }> {
    let sent = 0;
    for (const site of sites) sent += await this.send(site);
    const conflicts = await this.merge();
    const published = await this.publish();
    for (const site of sites) await this.receive(site);
    return { sent, published, conflicts };
  }

  /** Every tracked table of a place, as text. */
  async contents(number: number): Promise<Record<string, string[]>> {
    const { business } = this.place(number);
    const tables = await this.tables(number);
    return Object.fromEntries(
      tables.map(({ name, columns }) => [name, business.rows(name, [...columns].sort())]),
    );
  }
}

const fileOf = (number: number): string => `place-${String(number)}.db`;

const namesOf = (tables: readonly Table[]): string[] => tables.map(({ name }) => name);
