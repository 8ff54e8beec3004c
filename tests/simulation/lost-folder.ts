import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../support/random';
import { DAY, NO_FAULTS } from './character';
import { disk, placeOf } from './machine/disk';
import { time } from './machine/time';
import { playQuietNights, settled } from './quiet';
import { movement, statement } from './schema';
import type { World } from './world';

const NOTICES = ['session.hubFolderLost', 'session.roundsLost'];
/** Of a site's session: a cut behind any of them leaves something that was captured, written or sent and not answered. */
const STEPS = 5;

/** A place loses its data folder while its database is intact, with sessions of some sites cut short before. */
export async function loseFolder(world: World, random: Random): Promise<void> {
  time.pass(DAY);
  for (const site of world.sites) {
    work(world, random);
    if (random.chance(0.6)) await playCutSession(world, random, site);
  }
  if (random.chance(0.5)) await (await world.hub(NO_FAULTS)).finish();
  work(world, random);
  const place = random.chance(0.5) ? 0 : random.pick([1, ...world.sites]);
  world.tell(`${world.nameOf(place)}: the data folder is lost`);
  const published = [...disk.files.keys()].some((path) => path.endsWith('/manifest.json'));
  burn(place);
  // What only the lost folder held is captured anew, or published anew, under the same number.
  world.named.forget();
  if (place === 0 && published) await agreeAtHub(world, random);
  await playQuietNights(world);
  await settled(world);
}

async function playCutSession(world: World, random: Random, site: number): Promise<void> {
  const run = await world.site(site, NO_FAULTS);
  for (let step = random.below(STEPS); step >= 0 && run.open; step -= 1) await run.next();
  run.kill();
}

function burn(place: number): void {
  for (const path of [...disk.files.keys()]) if (placeOf(path) === place) disk.remove(path);
  for (const path of [...disk.folders]) if (placeOf(path) === place) disk.folders.delete(path);
}

/** Nothing moves until somebody at the hub has agreed that it publishes again what is gone. */
async function agreeAtHub(world: World, random: Random): Promise<void> {
  const before = world.places.map((place) => world.contents(place));
  world.excuse(...NOTICES);
  if (random.chance(0.5)) for (const site of world.sites) await (await world.site(site, NO_FAULTS)).finish();
  const hub = await world.hub(NO_FAULTS);
  await hub.finish();
  if (hub.failure !== 'session.roundsLost')
    world.findings.add('the hub does not notice that its rounds are gone');
  if (
    !isDeepStrictEqual(
      world.places.map((place) => world.contents(place)),
      before,
    )
  )
    world.findings.add('rows change before anybody has agreed');
  await (await world.hub(NO_FAULTS, { recover: true })).finish();
  for (const code of NOTICES) world.excuses.delete(code);
}

function work(world: World, random: Random): void {
  for (const place of world.places) {
    for (let left = random.below(3); left > 0; left -= 1) {
      world.work(place, statement(random, world.business(place)));
      time.pass(1000);
    }
    if (random.chance(0.5)) world.work(place, movement(random));
  }
}
