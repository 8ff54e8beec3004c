/**
 * `npm run bench [-- NAME…] [--rows N] [--runs N]`: measures, and prints one table for the README. Without a name all
 * but the longest; with 1,000,000 rows, unless told otherwise, it takes a quarter of an hour. What is measured is one
 * file each.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apply } from './apply';
import { attacked } from './attacked';
import { badLine } from './bad-line';
import { batch } from './batch';
import type { Bench, Figure } from './bench';
import { capture } from './capture';
import { growth } from './growth';
import { largeQuietNight } from './large-quiet-night';
import { manySites } from './many-sites';
import { memory } from './memory';
import { mssql } from './mssql';
import { others } from './others';
import { quietNight } from './quiet-night';
import { session } from './session';
import { Sessions } from './sessions';
import { stall } from './stall';
import { start } from './start';
import { tracking } from './tracking';
import { transfer } from './transfer';

const BENCHES: readonly Bench[] = [
  session,
  memory,
  growth,
  quietNight,
  capture,
  batch,
  apply,
  tracking,
  transfer,
  attacked,
  stall,
  start,
  others,
  largeQuietNight,
  manySites,
  badLine,
  mssql,
];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { rows: { type: 'string', default: '1000000' }, runs: { type: 'string', default: '3' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0)
    throw new Error(`${unknown.join(', ')}: not one of ${BENCHES.map(({ name }) => name).join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const [rows, runs] = [Number(values.rows), Number(values.runs)];
  const programs = __dirname;
  const context = { folder, programs, rows, runs, sessions: new Sessions(folder, programs, runs) };
  try {
    const lines: string[] = [];
    const isAsked = ({ name, isLong = false }: Bench): boolean =>
      positionals.length === 0 ? !isLong : positionals.includes(name);
    for (const bench of BENCHES.filter(isAsked)) {
      const load = (loadavg()[0] ?? 0).toFixed(1);
      for (const figure of await bench.measure(context)) {
        lines.push(lineOf(figure, load));
        console.error(lines.at(-1));
      }
    }
    console.log(`\n${machine()}, medians of ${runs}\n\n${HEAD}\n${lines.join('\n')}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The load is what else the machine had to do when the measuring began. */
const HEAD =
  '| What | Measured | Floor in the same run | Ratio | Goal | Met | Load |\n|---|---|---|---|---|---|---|';

const lineOf = ({ what, measured, floor, ratio, goal, met }: Figure, load: string): string =>
  `| ${[what, measured, floor, ratio?.toFixed(2) ?? '', goal, met ? 'yes' : '**no**', load].join(' | ')} |`;

const machine = (): string =>
  `${cpus()[0]?.model ?? ''}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ` +
  `${process.platform}, Node ${process.versions.node}`;

void main();
