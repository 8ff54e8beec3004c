import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../support/random';
import { NO_FAULTS } from './character';
import { disk } from './machine/disk';
import { copyOf, newestOf } from './places';
import { outboxOf, type World } from './world';

const copied = new WeakMap<World, Set<number>>();

/** Backs up a database, as somebody may one day put it back. */
export function takeCopies(world: World, random: Random): void {
  const done = copied.get(world) ?? new Set();
  copied.set(world, done);
  const place = random.below(world.places.length);
  if (done.has(place)) return;
  world.business(place).copyTo(copyOf(place));
  world.tell(`${world.nameOf(place)}: backed up`);
  done.add(place);
}

/**
 * Puts an old copy in place of the database: the next session must notice before it changes anything, wherever the
 * other side or the disk shows that there was more. Then the newest database comes back.
 */
export async function restoreOldCopy(world: World, random: Random): Promise<void> {
  for (const place of copied.get(world) ?? []) {
    if (!random.chance(0.5)) continue;
    const business = world.business(place);
    business.copyTo(newestOf(place));
    business.replaceBy(copyOf(place));
    if (await isKnownElsewhere(world, place)) await mustNotice(world, place);
    business.replaceBy(newestOf(place));
  }
}

async function mustNotice(world: World, place: number): Promise<void> {
  const name = world.nameOf(place);
  world.tell(`${name}: an old copy of its database is put back`);
  const before = world.contents(place);
  const files = [...disk.files.keys()];
  const excused = NOTICES.filter((code) => !world.excuses.has(code));
  world.excuse(...excused);
  const run = place === 0 ? await world.hub(NO_FAULTS) : await world.site(place, NO_FAULTS);
  await run.next();
  const noticed = !run.open && run.failure !== null && NOTICES.includes(run.failure);
  if (!noticed) world.findings.add(`${name} does not notice that its database is an old copy`);
  run.kill();
  for (const code of excused) world.excuses.delete(code);
  if (!isDeepStrictEqual(before, world.contents(place))) world.findings.add(`${name} changes an old copy`);
  if (!isDeepStrictEqual(files, [...disk.files.keys()]))
    world.findings.add(`${name} writes beside an old copy`);
}

const NOTICES = [
  'session.siteRestored',
  'session.hubRestored',
  'session.hubDatabaseRestored',
  'session.roundsLost',
];

/** Whether batches, rounds or the hub's word show that this database once knew more. */
async function isKnownElsewhere(world: World, place: number): Promise<boolean> {
  const business = world.business(place);
  const marked = business.state('lastMarked');
  const { round, site } = await world.status(place === 0 ? 1 : place);
  if (place === 0) return round > marked;
  const named = [...disk.files.keys()].flatMap((path) =>
    path.startsWith(`${outboxOf(place)}/`) && path.endsWith('.batch')
      ? [Number.parseInt(path.slice(-12), 10)]
      : [],
  );
  const batches = [...named, ...site.received, site.merged];
  return Math.max(...batches) > marked || site.acknowledged > business.state('position');
}
