import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { count, median, seconds, time, type Bench, type Context, type Figure } from './bench';
import { makeDatabase, makeMembers } from './member-table';

/** What else brings a table's new rows from one database into another: one way, one machine, nobody else's changes. */
export const others: Bench = {
  name: 'others',
  measure: async (context) => {
    const rows = context.rows / 10;
    makeMembers(join(context.folder, 'source.db'), rows);
    const { whole } = await context.sessions.of(rows);
    const figures: Figure[] = [];
    for (const { name, measure } of OTHERS) {
      const taken = await measure(context, rows);
      if (taken === null) continue;
      figures.push({
        what: `${count(rows)} new rows, site to hub to site`,
        measured: time(whole.measured),
        floor: `${name}: ${time(taken)}`,
        ratio: whole.measured / taken,
        goal: 'told',
        met: true,
      });
    }
    return figures;
  },
};

interface Other {
  readonly name: string;
  /** Median seconds; null where it cannot be had here. */
  readonly measure: (context: Context, rows: number) => Promise<number | null>;
}

const OTHERS: readonly Other[] = [
  { name: 'sqldiff and sqlite3, from one file into another', measure: sqldiff },
  { name: 'PouchDB 9.0.0, from one LevelDB into another', measure: pouchdb },
];

async function sqldiff({ folder, runs }: Context, rows: number): Promise<number | null> {
  // Of Debian's sqlite3-tools and sqlite3.
  if (['sqldiff', 'sqlite3'].some((tool) => spawnSync(tool, ['--help']).error !== undefined)) return null;
  const source = join(folder, 'source.db');
  const [empty, target] = [join(folder, 'empty.db'), join(folder, 'target.db')];
  makeDatabase(empty).close();
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const suffix of ['-wal', '-shm']) rmSync(target + suffix, { force: true });
    copyFileSync(empty, target);
    times.push(
      await seconds(() => pipe(`sqldiff --transaction '${target}' '${source}' | sqlite3 '${target}'`)),
    );
  }
  const arrived = execFileSync('sqlite3', [target, 'SELECT count(*) FROM member'], { encoding: 'utf8' });
  if (arrived.trim() !== String(rows)) throw new Error(`${arrived.trim()} rows by sqldiff`);
  return median(times);
}

const pipe = (command: string): void => {
  execFileSync('bash', ['-o', 'pipefail', '-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
};

/** Installed for the measurement alone: no part of the product, and none of its tests, needs it. */
function pouchdb({ folder, programs, runs }: Context): Promise<number | null> {
  const packages = join(folder, 'pouchdb');
  mkdirSync(packages);
  writeFileSync(join(packages, 'package.json'), '{"private":true}');
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', 'pouchdb@9.0.0'];
  if (spawnSync('npm', npm, { cwd: packages }).status !== 0) return Promise.resolve(null);
  const command = [join(programs, 'pouchdb.cjs'), packages, join(folder, 'source.db')];
  const times = Array.from({ length: runs }, () =>
    Number(execFileSync(process.execPath, command, { encoding: 'utf8' })),
  );
  return Promise.resolve(median(times));
}
