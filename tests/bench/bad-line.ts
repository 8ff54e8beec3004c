import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../../src/config/data-folder';
import { count, pairOf, time, type Bench, type Context, type Figure } from './bench';
import { BYTES_PER_SECOND, LossyLine, NEAR_ADDRESS, type Weather } from './lossy-line';
import { copyMembers, makeMembers, MEMBER, openDatabase } from './member-table';
import { benchProgram, reportSchema, secondsOf, stepTimes } from './sessions';
import { Installations } from '../support/installations';
import { Program } from '../support/program';

/** Some four million bytes: a minute of the line. */
const ROWS_SHARE = 0.4;
const MOST = 1.15;
const WAYS = ['upload', 'download'] as const;

const WEATHERS: readonly (Weather & { readonly name: string })[] = [
  { name: '2 % loss', loss: 0.02, cutEvery: 0, cutFor: 0 },
  { name: '2 % loss, cut every minute', loss: 0.02, cutEvery: 60, cutFor: 3 },
];

/** How long a batch is on its way to the head office by a bad line, and a round on its way back. */
export const badLine: Bench = {
  name: 'bad-line',
  isLong: true,
  measure: async (context) => {
    const rows = context.rows * ROWS_SHARE;
    makeMembers(join(context.folder, 'source.db'), rows);
    const figures: Figure[] = [];
    for (const weather of WEATHERS) {
      const nights = [];
      for (let run = 0; run < context.runs; run += 1) {
        const night = await nightOver(weather, context);
        if (night === null) return [];
        nights.push(night);
      }
      for (const way of WAYS) {
        const { floor, measured, ratio } = pairOf(nights.map((night) => night[way]));
        figures.push({
          what: `${way} of ${count(rows)} rows by 512 kbit/s, ${weather.name}`,
          measured: time(measured),
          floor: `bytes / line rate${weather.cutFor === 0 ? '' : ', and while it was cut'}: ${time(floor)}`,
          ratio,
          goal: `at most ${MOST}`,
          met: ratio <= MOST,
        });
      }
    }
    return figures;
  },
};

type Way = (typeof WAYS)[number];

interface Crossing {
  readonly floor: number;
  readonly measured: number;
}

/** Lyon, at the far end of the line, sends all its rows; in another company it receives as many. Null: no line can be laid. */
async function nightOver(weather: Weather, context: Context): Promise<Record<Way, Crossing> | null> {
  const upload = await crossing('send', weather, context);
  const download = await crossing('receive', weather, context);
  return upload === null || download === null ? null : { upload, download };
}

/** A step of Lyon's session that has all the rows to carry. */
async function crossing(
  step: 'send' | 'receive',
  weather: Weather,
  { folder, programs }: Context,
): Promise<Crossing | null> {
  const program = benchProgram(programs, join(folder, 'peaks'));
  try {
    const company = await Installations.open(program, 'company', {
      schema: MEMBER,
      sites: ['lyon'],
      address: NEAR_ADDRESS,
      settings: { receptionLimit: '60', waitLimit: '60', acknowledgementLimit: '60' },
    });
    const [hub, lyon] = [company.post('hub'), company.post('lyon')];
    const author = openDatabase((step === 'send' ? lyon : hub).path);
    copyMembers(author, join(folder, 'source.db'));
    author.close();
    const line = await LossyLine.lay(programs, weather);
    if (line === null) return null;
    const far = new Program({
      command: [...line.prefix, process.execPath, join(programs, 'synchro.js')],
      environment: process.env,
    });
    try {
      const opened = company.run('hub', 'sync');
      const report = reportSchema.parse(await far.json('sync', '--data', lyon.data));
      await opened;
      const down = await line.end();
      const [rows] = (step === 'send' ? hub : lyon).business.query('SELECT count(*) FROM member');
      console.error(`${report.state}: ${stepTimes(report.steps)}; cut for ${down} s; ${String(rows)} rows`);
      const carried = report.steps.find(({ name }) => name === step);
      if (carried === undefined) throw new Error(`no step ${step}`);
      company.close();
      const bytes = sizeOf(step === 'send' ? dataFolder(lyon.data).outbox : dataFolder(hub.data).rounds);
      return { floor: bytes / BYTES_PER_SECOND + down, measured: secondsOf(carried) };
    } finally {
      await far.end();
      await line.end();
    }
  } finally {
    await program.end();
  }
}

/** Bytes of the files in a folder, and in those within. */
const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
