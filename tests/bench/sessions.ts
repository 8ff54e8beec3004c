import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Installations } from '../support/installations';
import { Program } from '../support/program';
import { pairOf, seconds, type Pair } from './bench';
import { copyMembers, makeDatabase, makeMembers, MEMBER, openDatabase } from './member-table';

/** Synchronisations of as many new rows from one site through the hub to another site. */
export interface SessionFigures {
  readonly rows: number;
  /** Seconds, from the start of the three processes to the end of the last; the floor: the same rows copied twice. */
  readonly whole: Pair;
  /** Seconds of the synchronisation after it, that has nothing to carry. */
  readonly quiet: number;
  /** Of the three processes of the session, megabytes. */
  readonly peak: number;
}

export const reportSchema = z.object({
  state: z.string(),
  steps: z.array(
    z.object({ name: z.string(), startedAt: z.string().nullable(), endedAt: z.string().nullable() }),
  ),
});

type Step = z.infer<typeof reportSchema>['steps'][number];

/** Several figures come from the same sessions, which are held once for each number of rows. */
export class Sessions {
  readonly #known = new Map<number, Promise<SessionFigures>>();
  readonly #folder: string;
  readonly #programs: string;
  readonly #runs: number;

  constructor(folder: string, programs: string, runs: number) {
    this.#folder = folder;
    this.#programs = programs;
    this.#runs = runs;
  }

  of(rows: number): Promise<SessionFigures> {
    const figures = this.#known.get(rows) ?? this.#measure(rows);
    this.#known.set(rows, figures);
    return figures;
  }

  async #measure(rows: number): Promise<SessionFigures> {
    const source = join(this.#folder, 'source.db');
    makeMembers(source, rows);
    const turns: { floor: number; measured: number; quiet: number; peak: number }[] = [];
    for (let run = 0; run < this.#runs; run += 1) {
      const floor = await seconds(() => this.#copyTwice(source));
      turns.push({ floor, ...(await this.#synchronise(source, rows)) });
    }
    return {
      rows,
      whole: pairOf(turns),
      quiet: pairOf(turns.map(({ floor, quiet }) => ({ floor, measured: quiet }))).measured,
      peak: Math.max(...turns.map(({ peak }) => peak)),
    };
  }

  /** What SQLite takes for the same way: into the hub's file, and from it into another's. */
  #copyTwice(source: string): void {
    let from = source;
    for (const name of ['hub.db', 'site.db']) {
      const to = join(this.#folder, name);
      const database = makeDatabase(to);
      copyMembers(database, from);
      database.close();
      from = to;
    }
  }

  async #synchronise(
    source: string,
    rows: number,
  ): Promise<{ measured: number; quiet: number; peak: number }> {
    const peaks = join(this.#folder, 'peaks');
    const program = benchProgram(this.#programs, peaks);
    try {
      const company = await Installations.open(program, 'company', {
        schema: MEMBER,
        sites: ['lyon', 'paris'],
        settings: { receptionLimit: '60', waitLimit: '60' },
      });
      const lyon = openDatabase(company.post('lyon').path);
      copyMembers(lyon, source);
      lyon.close();
      rmSync(peaks, { force: true });
      const measured = await seconds(() => synchronise(company));
      const lines = readFileSync(peaks, 'utf8').trim().split('\n');
      console.error(lines.join('\n'));
      const peak = Math.max(...lines.map((line) => parseInt(line, 10)));
      const quiet = await seconds(() => synchronise(company));
      for (const name of ['hub', 'paris']) {
        const [arrived] = company.post(name).business.query('SELECT count(*) FROM member');
        if (arrived !== String(rows)) throw new Error(`${String(arrived)} rows at ${name}`);
      }
      company.close();
      return { measured, quiet, peak };
    } finally {
      await program.end();
    }
  }
}

/** The command line as it is shipped; its processes leave in the file `peaks` what memory they took. */
export const benchProgram = (programs: string, peaks: string): Program =>
  new Program({
    command: [
      process.execPath,
      ...process.execArgv,
      '--require',
      join(programs, 'peak-memory.cjs'),
      join(programs, 'synchro.js'),
    ],
    environment: { ...process.env, BENCH_PEAKS: peaks },
  });

async function synchronise(company: Installations): Promise<void> {
  const reports = company.posts.map(async ({ name }) => {
    const report = reportSchema.parse(await company.json(name, 'sync'));
    console.error(`${name} ${report.state}: ${stepTimes(report.steps)}`);
  });
  await Promise.all(reports);
}

/** Where the time went, for whoever looks for it. */
export const stepTimes = (steps: readonly Step[]): string =>
  steps.map((step) => `${step.name} ${secondsOf(step).toFixed(1)}`).join(', ');

export const secondsOf = ({ startedAt, endedAt }: Step): number =>
  startedAt === null || endedAt === null ? 0 : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
