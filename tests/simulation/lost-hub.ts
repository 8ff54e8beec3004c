import type { Random } from '../support/random';
import { DAY, NO_FAULTS } from './character';
import { disk, placeOf } from './machine/disk';
import { time } from './machine/time';
import { copyOf } from './places';
import { playCalmNight, playQuietNights, settled } from './quiet';
import { statement } from './schema';
import type { World } from './world';

const NOTICES = ['session.hubRestored', 'session.hubOtherPast', 'session.hubBehind'];

/**
 * The head office loses its database and its folder, and goes on from an old copy of both. The sites give back what it
 * lost: all that any of them had received, and all that they had sent.
 */
export async function loseHub(world: World, random: Random): Promise<void> {
  const putBack = disk.copy(0);
  world.business(0).copyTo(copyOf(0));
  world.tell('hub: backed up, with its folder');
  for (let night = 1 + random.below(3); night > 0; night -= 1) await playLostNight(world, random);
  for (const site of world.sites) work(world, random, site);
  world.tell('hub: the old copies are put back');
  world.witness.perish(knownToSites(world));
  world.business(0).replaceBy(copyOf(0));
  putBack();
  world.named.forget();
  for (const place of world.places) work(world, random, place);
  world.excuse(...NOTICES);
  // Some go on as if nothing had happened, and some do not know of it yet.
  if (random.chance(0.5)) await playCalmNight(world, { sites: some(world, random) });
  const sites = random.chance(0.5) ? world.sites : world.sites.toReversed();
  for (const site of sites) await (await world.site(site, NO_FAULTS)).finish();
  await (await world.hub(NO_FAULTS, { recover: true })).finish();
  for (const site of sites) {
    // The batches that the hub has lost are put aside, and their numbers given again.
    world.named.forget();
    await playCalmNight(world, { sites: [site], recover: true });
  }
  for (const code of NOTICES) world.excuses.delete(code);
  await playQuietNights(world);
  await settled(world, { sumsMayConflict: true });
}

/** Their databases and what lies on their disks: the machine's files are not compressed. */
function knownToSites(world: World): string {
  const contents = world.sites.map((site) => JSON.stringify(world.contents(site)));
  const files = [...disk.files]
    .filter(([path]) => placeOf(path) !== 0)
    .map(([, { data }]) => data.toString());
  return [...contents, ...files].join(' ');
}

/** What the hub writes is known to a site before the night is over. */
async function playLostNight(world: World, random: Random): Promise<void> {
  time.pass(DAY);
  for (const place of world.places) work(world, random, place);
  await playCalmNight(world, { sites: some(world, random) });
}

function some(world: World, random: Random): readonly number[] {
  const chosen = world.sites.filter(() => random.chance(0.6));
  return chosen.length > 0 ? chosen : world.sites.slice(0, 1);
}

function work(world: World, random: Random, place: number): void {
  for (let left = random.below(4); left > 0; left -= 1) {
    world.work(place, statement(random, world.business(place)));
    time.pass(1 + random.below(1000));
  }
}
