import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../support/random';
import { faultsOf, MODES, nameOf, shuffled, VICTIMS } from './plan';
import { Stage, type Standing } from './stage';
import { bundleVictim, tryFault, undisturbed, type Fault, type Outcome, type Victim } from './trial';

/** Trials side by side. */
const STAGES = Number(process.env['SWEEP_STAGES'] ?? 2);
/** Of all faults, only each so-manieth. */
const EVERY = Number(process.env['SWEEP_EVERY'] ?? 1);
/** Of operations that are the same again and again, at most so many. */
const ALIKE = Number(process.env['SWEEP_ALIKE'] ?? 8);
/** Only faults whose name and label hold this, such as `hub once file.rename#1 ` or `kill database.run.*INSERT`. */
const ONLY = new RegExp(process.env['SWEEP_ONLY'] ?? '');
const SEED = Number(process.env['SEED'] ?? 2009);
/** A line of JSON each trial. What it holds already is not tried again: a sweep of hours goes on where it was stopped. */
const OUT = process.env['SWEEP_OUT'] ?? join(tmpdir(), 'sweep.jsonl');

test('every operation fails in turn, and the process is killed at each', { timeout: 0 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
  await bundleVictim(folder);
  const program = join(folder, 'victim.js');
  const stages = await Promise.all(Array.from({ length: STAGES }, () => Stage.open()));
  const [first] = stages;
  if (first === undefined) throw new Error('no stage');
  const expected = {} as Record<Victim, Standing>;
  const faults: Fault[] = [];
  for (const victim of VICTIMS) {
    const { standing, operations } = await undisturbed(first, program, victim);
    expected[victim] = standing;
    for (const mode of MODES) faults.push(...faultsOf(victim, mode, operations, ALIKE));
  }
  const chosen = faults
    .filter((fault) => ONLY.test(`${nameOf(fault)} ${fault.label}`))
    .filter((_, at) => at % EVERY === 0);
  const before = tried();
  const left = chosen.filter((fault) => !before.has(nameOf(fault)));
  console.log(`${String(left.length)} of ${String(chosen.length)} trials, to ${OUT}`);
  // In any order: what was done when it is stopped is then a fair sample.
  const queue = shuffled(left, seededRandom(SEED));
  const bad = [...before].flatMap(([name, problems]) =>
    problems.length > 0 ? [`${name}: ${problems.join('; ')}`] : [],
  );
  const work = async (stage: Stage): Promise<void> => {
    for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
      const outcome = await tryFault(stage, program, fault, expected[fault.victim]);
      note(outcome);
      if (outcome.problems.length > 0) bad.push(`${nameOf(fault)}: ${outcome.problems.join('; ')}`);
    }
  };
  await Promise.all(stages.map(work));
  await Promise.all(stages.map((stage) => stage.close()));
  rmSync(folder, { recursive: true });
  expect(bad).toEqual([]);
});

/** Problems of the trials that the file holds, by name. */
function tried(): Map<string, readonly string[]> {
  const lines = existsSync(OUT) ? readFileSync(OUT, 'utf8').trim().split('\n') : [];
  return new Map(
    lines.map((line) => {
      const { name, problems } = trialSchema.parse(JSON.parse(line));
      return [name, problems];
    }),
  );
}

const trialSchema = z.object({ name: z.string(), problems: z.array(z.string()) });

function note(outcome: Outcome): void {
  appendFileSync(OUT, `${JSON.stringify({ name: nameOf(outcome.fault), ...outcome })}\n`);
}
