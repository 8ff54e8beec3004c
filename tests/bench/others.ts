import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { count, median, seconds, time, type Bench } from './bench';
import { makeDatabase, makeMembers } from './member-table';

/** Of Debian's sqlite3-tools and sqlite3. */
const hasTools = ['sqldiff', 'sqlite3'].every((tool) => spawnSync(tool, ['--help']).error === undefined);

/** What else brings a table's new rows from one database into another: one way, one machine, nobody else's changes. */
export const others: Bench = {
  name: 'others',
  measure: async ({ folder, rows: most, runs, sessions }) => {
    if (!hasTools) return [];
    const rows = most / 10;
    const [source, empty, target] = ['source.db', 'empty.db', 'target.db'].map((name) => join(folder, name));
    if (source === undefined || empty === undefined || target === undefined) return [];
    makeMembers(source, rows);
    makeDatabase(empty).close();
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      for (const suffix of ['-wal', '-shm']) rmSync(target + suffix, { force: true });
      copyFileSync(empty, target);
      times.push(
        await seconds(() => pipe(`sqldiff --transaction '${target}' '${source}' | sqlite3 '${target}'`)),
      );
    }
    expectRows(target, rows);
    const [taken, { whole }] = [median(times), await sessions.of(rows)];
    return [
      {
        what: `${count(rows)} new rows, site to hub to site`,
        measured: time(whole.measured),
        floor: `sqldiff and sqlite3, from one file into another: ${time(taken)}`,
        ratio: whole.measured / taken,
        goal: 'told',
        met: true,
      },
    ];
  },
};

const pipe = (command: string): void => {
  execFileSync('bash', ['-o', 'pipefail', '-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
};

function expectRows(path: string, rows: number): void {
  const arrived = execFileSync('sqlite3', [path, 'SELECT count(*) FROM member'], { encoding: 'utf8' }).trim();
  if (arrived !== String(rows)) throw new Error(`${arrived} rows by sqldiff`);
}
