import { isDeepStrictEqual } from 'node:util';
import { NO_FAULTS, DAY } from './character';
import { disk } from './machine/disk';
import { time } from './machine/time';
import type { Run } from './run';
import type { World } from './world';

/** 'After faults end and two quiet sessions pass': one more for what a cut session left half sent. */
const QUIET_NIGHTS = 3;

/** Quiet nights, until nothing waits at any place. */
export async function playQuietNights(world: World): Promise<void> {
  for (let night = 1; night <= QUIET_NIGHTS; night += 1) {
    world.tell(`quiet night ${String(night)}`);
    await playCalmNight(world);
    if (world.isQuiet()) return;
  }
  world.findings.add(`changes wait after ${String(QUIET_NIGHTS)} quiet nights`);
}

/** One more night, in which nothing has changed. */
export async function playIdleNight(world: World): Promise<void> {
  world.tell('idle night');
  const carried = await playCalmNight(world);
  if (carried > 0) world.findings.add(`a night in which nothing changed carries ${String(carried)} rows`);
}

interface CalmNight {
  /** All by default. */
  readonly sites?: readonly number[];
  /** People at these sites agree to what a session that failed has proposed. */
  readonly recover?: boolean;
}

/** Nobody works meanwhile and nothing fails; every site has sent before the hub merges, and gets its round. Rows that were carried. */
export async function playCalmNight(
  world: World,
  { sites: present = world.sites, recover = false }: CalmNight = {},
): Promise<number> {
  time.pass(DAY);
  const sites: Run[] = [];
  for (const site of present) {
    const run = await world.site(site, NO_FAULTS, { recover });
    sites.push(run);
    for (let step = 0; step < 4 && run.open; step += 1) await run.next();
  }
  const hub = await world.hub(NO_FAULTS);
  await hub.finish();
  for (const run of sites) await run.finish();
  return [hub, ...sites].reduce(
    (sum, run) => sum + run.rows('capture', 'merge', 'publish', 'receive', 'apply'),
    0,
  );
}

/**
 * All databases are equal, and no value is lost. `sumsMayConflict`: where both sides of a lost life moved a sum, one of
 * the two may be in the journal.
 */
export async function settled(world: World, { sumsMayConflict = false } = {}): Promise<void> {
  const hub = world.contents(0);
  for (const site of world.sites) {
    const contents = world.contents(site);
    if (isDeepStrictEqual(contents, hub)) continue;
    world.findings.add(`${world.nameOf(site)} differs from the hub`);
    world.tell(`hub: ${JSON.stringify(hub)}`);
    world.tell(`${world.nameOf(site)}: ${JSON.stringify(contents)}`);
  }
  const conflicts = await world.conflicts();
  if (!sumsMayConflict || !conflicts.some(({ table }) => table === 'stock'))
    for (const wrong of world.movements.wrongAt(world.business(0))) world.findings.add(wrong);
  const reasons = new Set(conflicts.map(({ reason }) => reason));
  // Another row may have its unique value.
  if (reasons.has('foreignKey') && !reasons.has('unique'))
    world.findings.add('a row is refused for a parent that could have come back');
  for (const value of world.witness.lost(world.kept())) world.findings.add(`${value} is lost`);
}

/** Whoever works alone contradicts nobody, and is told nothing that he does not know. */
export async function aloneIsUndisputed(world: World, place: number): Promise<void> {
  const [conflict] = await world.conflicts();
  if (conflict !== undefined)
    world.findings.add(
      `a conflict (${conflict.kind}, ${conflict.table}) where only ${world.nameOf(place)} worked`,
    );
  for (const path of disk.files.keys()) {
    const origin = /\/rounds\/.*origin-(\d+)\.segment$/.exec(path)?.[1];
    if (origin !== undefined && Number(origin) !== place)
      world.findings.add(`only ${world.nameOf(place)} worked, and there is ${path}`);
  }
}
