import { cpSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { Engine } from '../../src/engine/engine';
import type { Report } from '../../src/report/report';
import { reportSchema } from '../../src/report/report-schema';
import { SyncError } from '../../src/shared/errors';
import { openBusiness } from '../support/business';
import { EngineCompany, follow, type RunningEngine } from '../support/engines';
import { hastyParts } from './hasty-parts';
import { SITES, CHANGES, FIRST_CHANGES, SCHEMA } from './story';

export const PLACES = ['hub', ...SITES] as const;

/** What a night leaves behind, apart from numbers and times. */
export interface Standing {
  /** By place, then table: each row as text. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** By place: the conflict journal. */
  readonly journal: Readonly<Record<string, readonly string[]>>;
}

/** A company that stands before a rich synchronisation, as often as one likes. */
export class Stage {
  readonly #company: EngineCompany;
  readonly #saved: string;
  readonly #engines = new Map<string, RunningEngine>();

  private constructor(company: EngineCompany) {
    this.#company = company;
    this.#saved = `${this.folder}-saved`;
  }

  static async open(): Promise<Stage> {
    // As by default a site waits for longer than the hub receives: what a full hub refuses goes into the next session.
    const settings = { receptionLimit: '10', waitLimit: '20', acknowledgementLimit: '10' };
    const company = await EngineCompany.open({ schema: SCHEMA, sites: SITES, settings });
    for (const [place, statements] of Object.entries(FIRST_CHANGES)) company.at(place, ...statements);
    await company.synchronise();
    for (const [place, statements] of Object.entries(CHANGES)) company.at(place, ...statements);
    for (const [at, { path }] of company.posts.entries()) setApart(path, at);
    const stage = new Stage(company);
    cpSync(stage.folder, stage.#saved, { recursive: true, preserveTimestamps: true });
    return stage;
  }

  get folder(): string {
    return dirname(this.#company.post('hub').path);
  }

  dataOf(place: string): string {
    return this.#company.post(place).data;
  }

  /** Everything is again as it was before the synchronisation. */
  reset(): void {
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name), { recursive: true });
    cpSync(this.#saved, this.folder, { recursive: true, preserveTimestamps: true });
  }

  /** A start of the program at one place. A hub then serves. */
  async start(place: string, epoch: number): Promise<RunningEngine> {
    const running = follow((events) => new Engine(hastyParts(epoch), this.dataOf(place), events));
    this.#engines.set(place, running);
    await running.engine.open();
    if (place === 'hub') await running.engine.serve();
    return running;
  }

  async stop(place: string): Promise<void> {
    const running = this.#engines.get(place);
    this.#engines.delete(place);
    await running?.engine.shutdown();
  }

  async stopAll(): Promise<void> {
    for (const place of [...this.#engines.keys()]) await this.stop(place);
  }

  /** One session by hand, or the one that somebody asked the hub for, to its end. */
  async session(place: string, epoch: number): Promise<Report | null> {
    const running = this.#engines.get(place) ?? (await this.start(place, epoch));
    try {
      return await running.engine.synchronise('manual');
    } catch (error) {
      if (error instanceof SyncError && error.code === 'session.running') return await endOf(running);
      throw error;
    } finally {
      if (place !== 'hub') await this.stop(place);
    }
  }

  standing(): Standing {
    const rows: Record<string, Record<string, string[]>> = {};
    const journal: Record<string, string[]> = {};
    for (const place of PLACES) {
      const { path } = this.#company.post(place);
      rows[place] = contentsOf(path);
      journal[place] = journalOf(path);
    }
    return { rows, journal };
  }

  /** What a session left half done and a start a day later does not end: temporary files, reports that still run. */
  async leftovers(epoch: number): Promise<string[]> {
    const files = (): string[] =>
      readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.(tmp|part)$/.test(name),
      );
    const left = (): string[] => [
      ...files(),
      ...PLACES.filter((place) => this.reports(place).some(isRunning)).map(
        (place) => `a report at ${place} that runs`,
      ),
    ];
    if (left().length === 0) return [];
    const yesterday = new Date(Date.now() - 24 * 3_600_000);
    for (const name of files()) utimesSync(join(this.folder, name), yesterday, yesterday);
    for (const place of PLACES) await this.start(place, epoch);
    await this.stopAll();
    return left();
  }

  /** Every report of a place, as the file is. */
  reports(place: string): unknown[] {
    const folder = join(this.dataOf(place), 'reports');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }

  async close(): Promise<void> {
    await this.stopAll();
    rmSync(this.#saved, { recursive: true, force: true });
    await this.#company.close();
  }
}

/** Report of the session under way. */
async function endOf(running: RunningEngine): Promise<Report | null> {
  const { engine } = running;
  const ended = running.overview(({ session }) => session === null);
  if ((await engine.overview()).session !== null) await ended;
  const { last } = await engine.overview();
  return last === null ? null : engine.report(last.id);
}

const isRunning = (report: unknown): boolean => reportSchema.safeParse(report).data?.state === 'running';

/** An hour between the changes of one place and of the next: who is the newest does not hang on the machine's speed. */
function setApart(path: string, hours: number): void {
  const handle = new DatabaseSync(path);
  const logs = handle
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'sync$log$%'`)
    .all();
  for (const { name } of logs) {
    handle.exec(
      `UPDATE "${String(name)}" SET changed_at = changed_at - ${String(hours * 3_600_000)} WHERE sent_in IS NULL`,
    );
  }
  handle.close();
}

function contentsOf(path: string): Record<string, string[]> {
  const handle = new DatabaseSync(path);
  const business = openBusiness(path);
  try {
    const tables = handle
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sync$%' ORDER BY name`)
      .all()
      .map(({ name }) => String(name));
    const columns = (table: string): string[] =>
      handle
        .prepare('SELECT name FROM pragma_table_xinfo(?)')
        .all(table)
        .map(({ name }) => String(name));
    return Object.fromEntries(tables.map((table) => [table, business.rows(table, columns(table))]));
  } finally {
    business.close();
    handle.close();
  }
}

/** Apart from the instants, which are not the same twice. */
function journalOf(path: string): string[] {
  const handle = new DatabaseSync(path);
  try {
    return handle
      .prepare('SELECT site, conflict FROM sync$journal')
      .all()
      .map(
        ({ site, conflict }) =>
          `${String(site)} ${String(conflict).replace(/"(winner|loser)At":[^,}]+/g, '')}`,
      )
      .sort();
  } finally {
    handle.close();
  }
}
