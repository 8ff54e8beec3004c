import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { count, interleaved, seconds, time, type Bench } from './bench';
import { MEMBER, makeMembers } from './member-table';
import { benchProgram } from './sessions';
import { Installations } from '../support/installations';
import type { Program } from '../support/program';

/** Seconds, and what its databases are larger by than those of the other figures. */
const MOST = 2;
const TIMES = 10;
/** Megabytes that any process may read; the program's own files are most of it. */
const READ = 50;

/** A night with no change, in a database so large that a table read through would be seen in what the processes read. */
export const largeQuietNight: Bench = {
  name: 'large-quiet-night',
  isLong: true,
  measure: async ({ folder, programs, rows, runs }) => {
    const peaks = join(folder, 'peaks');
    const program = benchProgram(programs, peaks);
    const source = join(folder, 'source.db');
    makeMembers(source, rows);
    const few = rows / 100;
    try {
      const small = await openCompany(program, 'small', filled(source, 1, few));
      const large = await openCompany(program, 'large', filled(source, TIMES, rows));
      const night = (company: Installations) => () => seconds(() => quietNight(company));
      for (const company of [small, large]) await quietNight(company);
      rmSync(peaks);
      const { floor, measured, ratio } = await interleaved(runs, night(small), night(large));
      const read = mostRead(readFileSync(peaks, 'utf8'));
      for (const company of [small, large]) company.close();
      return [
        {
          what: `a quiet night, databases of ${count(TIMES * rows)} rows`,
          measured: `${time(measured)}, no process read more than ${read} MB`,
          floor: `of ${count(few)} rows: ${time(floor)}`,
          ratio,
          goal: `under ${MOST} s, no table scanned`,
          met: measured < MOST && read < READ,
        },
      ];
    } finally {
      await program.end();
    }
  },
};

/** A table that holds the source's rows so many times over: the databases are copies of each other from the first day. */
function filled(source: string, times: number, rows: number): string {
  const columns = 'last_name, first_name, city, points, balance, birth_date, updated_at';
  const copies = Array.from(
    { length: times },
    (_, turn) =>
      `INSERT INTO member SELECT id + ${turn * rows}, ${columns} FROM source.member WHERE id <= ${rows};`,
  );
  return `${MEMBER}; ATTACH '${source}' AS source; BEGIN; ${copies.join(' ')} COMMIT; DETACH source;`;
}

const openCompany = (program: Program, name: string, schema: string): Promise<Installations> =>
  Installations.open(program, name, {
    schema,
    sites: ['lyon'],
    settings: { receptionLimit: '60', waitLimit: '60' },
  });

async function quietNight(company: Installations): Promise<void> {
  const codes = await company.synchronise();
  if (Object.values(codes).some((code) => code !== 0)) throw new Error(JSON.stringify(codes));
}

const mostRead = (peaks: string): number =>
  Math.max(...[...peaks.matchAll(/, (\d+) MB read/g)].map(([, read]) => Number(read)));
