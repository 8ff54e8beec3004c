import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../support/random';
import { faultsOf, nameOf, sample, VICTIMS, type Operations } from './plan';
import { Stage } from './stage';
import { bundleVictim, tryFault, undisturbed, type Fault, type Mode, type Victim } from './trial';

/** A sample of the sweep that `npm run sweep` does whole; another seed takes another one. */
const SEED = Number(process.env['SEED'] ?? 2009);

/** Of operations that are the same again and again, at most so many. */
const ALIKE = 4;

/** How many faults of each mode, of files and lines and of databases. */
const SAMPLE: Readonly<Record<Mode, readonly [files: number, databases: number]>> = {
  once: [1, 1],
  kill: [1, 0],
  power: [1, 0],
  full: [1, 0],
};

/** Companies at once: those who have lost their hub wait for it, most of the time. */
const LANES = 3;

const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
const program = join(folder, 'victim.js');
beforeAll(() => bundleVictim(folder));
afterAll(() => rmSync(folder, { recursive: true }));

function sampleOf(victim: Victim, operations: Operations): Fault[] {
  const random = seededRandom(SEED);
  return (Object.keys(SAMPLE) as Mode[]).flatMap((mode) => {
    const all = faultsOf(victim, mode, operations, ALIKE);
    const isDatabase = ({ kind }: Fault): boolean => kind.startsWith('database.');
    const [files, databases] = SAMPLE[mode];
    return [
      ...sample(
        all.filter((fault) => !isDatabase(fault)),
        files,
        random,
      ),
      ...sample(all.filter(isDatabase), databases, random),
    ];
  });
}

describe.concurrent('an operation fails, or the process ends at it', () => {
  test.each(VICTIMS)(`of %s (seed ${String(SEED)})`, { timeout: 900_000 }, async (victim) => {
    const stage = await Stage.open();
    const { standing, operations } = await undisturbed(stage, program, victim);
    const faults = sampleOf(victim, operations);
    const problems: Record<string, readonly string[]> = {};
    let hits = 0;
    const tryThem = async (own: Stage, some: readonly Fault[]): Promise<void> => {
      for (const fault of some) {
        const outcome = await tryFault(own, program, fault, standing);
        if (outcome.hit !== null) hits += 1;
        if (outcome.problems.length > 0) problems[nameOf(fault)] = outcome.problems;
      }
      await own.close();
    };
    const lanes = Array.from({ length: LANES }, (_, lane) => faults.filter((_, at) => at % LANES === lane));
    await Promise.all(
      lanes.map(async (some, lane) => tryThem(lane === 0 ? stage : await Stage.open(), some)),
    );
    expect(problems).toEqual({});
    // The number of looks at a waiting hub differs, so that some operations do not come; most must.
    expect(hits).toBeGreaterThan(faults.length / 2);
  });
});
