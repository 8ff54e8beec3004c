import { inspect, isDeepStrictEqual } from 'node:util';
import { seededRandom } from '../support/random';
import { DAY, NO_FAULTS } from './character';
import { time } from './machine/time';
import { playQuietNights, settled } from './quiet';
import type { Run } from './run';
import { statement } from './schema';
import { World, type Tell } from './world';

const NIGHTS = 2;

/** The same work, with sites that arrive in one order and in the other, ends in the same rows and the same journal. */
export async function playBothOrders(seed: number, tell: Tell): Promise<string[]> {
  const [forth, back] = [await playInOrder(seed, tell, false), await playInOrder(seed, tell, true)];
  const findings = [...forth.findings, ...back.findings];
  if (!isDeepStrictEqual(forth.kept, back.kept)) {
    findings.push('the result depends on the order of arrival');
    for (const { kept } of [forth, back]) tell?.(inspect(kept, { depth: 8 }));
  }
  return findings;
}

async function playInOrder(
  seed: number,
  tell: Tell,
  reverse: boolean,
): Promise<{ readonly findings: readonly string[]; readonly kept: unknown }> {
  const random = seededRandom(seed);
  const world = await World.open({ company: 'both', sites: 3, random, retention: 30 * DAY, tell });
  world.tell(reverse ? 'the last site arrives first' : 'the first site arrives first');
  for (const site of world.sites) time.setError(site, (random.below(5) - 2) * DAY);
  for (let night = 0; night < NIGHTS; night += 1) {
    time.pass(DAY);
    for (const place of world.places) {
      for (let done = random.below(4); done > 0; done -= 1) {
        world.work(place, statement(random, world.business(place)));
        time.pass(1000);
      }
    }
    await playNightInOrder(world, reverse ? [...world.sites].reverse() : world.sites);
  }
  await playQuietNights(world);
  await settled(world);
  return { findings: [...world.findings], kept: world.kept() };
}

async function playNightInOrder(world: World, order: readonly number[]): Promise<void> {
  const runs: Run[] = [];
  for (const site of order) {
    const run = await world.site(site, NO_FAULTS);
    runs.push(run);
    time.pass(1);
    for (let step = 0; step < 4; step += 1) await run.next();
  }
  await (await world.hub(NO_FAULTS)).finish();
  for (const run of runs) await run.finish();
}
