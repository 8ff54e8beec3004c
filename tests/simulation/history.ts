import { seededRandom, type Random } from '../support/random';
import { characterOf, DAY, faultsOf, type Character } from './character';
import { disk } from './machine/disk';
import { time } from './machine/time';
import { loseFolder } from './lost-folder';
import { loseHub } from './lost-hub';
import { restoreOldCopy, takeCopies } from './old-copies';
import { damageFiles } from './damage';
import { playAgain } from './replay';
import { playBothOrders } from './orders';
import { aloneIsUndisputed, playCalmNight, playIdleNight, playQuietNights, settled } from './quiet';
import type { Run } from './run';
import { ADDED, movement, statement } from './schema';
import { World, type Tell } from './world';

/** Plays one history, wholly determined by `seed`, and tells what is wrong after it: nothing, where all is well. */
export async function playHistory(seed: number, tell: Tell = null): Promise<string[]> {
  const random = seededRandom(seed);
  if (random.chance(0.025)) return playBothOrders(seed, tell);
  const character = characterOf(random);
  const { company, sites, retention } = character;
  const world = await World.open({ company, sites, random, retention, tell });
  const work: Work = (place, statements, choose = statement) => {
    if (character.alone === null || character.alone === place)
      workAt(world, random, { place, statements, choose });
  };
  world.onInterruption = (place) => work(place, 1);
  world.tell(JSON.stringify(character));
  try {
    for (let night = 1; night <= character.nights; night += 1) {
      world.tell(`night ${String(night)}`);
      await playNight(world, random, character, work);
    }
    if (character.newColumn) await playApart(world, random, work);
    endFaults(world);
    await playQuietNights(world);
    await settled(world);
    if (character.alone !== null) await aloneIsUndisputed(world, character.alone);
    if (random.chance(0.1)) await playIdleNight(world);
    if (random.chance(0.25)) await playAgain(world);
    if (character.restored && random.chance(0.3)) await loseHub(world, random);
    else if (random.chance(0.05)) await loseFolder(world, random);
  } catch (error) {
    world.findings.add(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return [...world.findings];
}

/** Sessions of the hub and of some sites, their steps in any order, people working in between. */
async function playNight(world: World, random: Random, character: Character, work: Work): Promise<void> {
  time.pass(DAY);
  beginDay(world, random, character);
  for (const place of world.places) {
    work(place, random.below(4));
    // Sums that meet at the hub are what shows that something was merged twice.
    work(place, random.below(2), movement);
  }
  const runs: Run[] = [];
  for (const site of world.sites) {
    if (random.chance(character.away ? 0.4 : 0.85))
      runs.push(await world.site(site, faultsOf(character, random)));
  }
  if (random.chance(0.9)) runs.push(await world.hub(faultsOf(character, random)));
  for (let open = runs; open.length > 0; open = runs.filter((run) => run.open)) {
    const run = open[random.below(open.length)];
    if (character.kill && random.chance(0.02)) run?.kill();
    else await run?.next();
    time.pass(1 + random.below(1000));
    if (character.kill && random.chance(0.02)) world.powerCut(random.below(world.places.length));
    if (random.chance(0.12)) work(random.below(world.places.length), 1);
    if (character.full && random.chance(0.1)) fillDisk(world, random);
  }
  if (character.restored) await restoreOldCopy(world, random);
}

/** Tables differ, everybody works, and all meet. */
async function playApart(world: World, random: Random, work: Work): Promise<void> {
  world.tell('a night apart');
  if (!world.businesses.some((business) => business.has(ADDED)))
    world.addColumn(random.below(world.places.length));
  for (const place of world.places) work(place, 3);
  await playCalmNight(world);
}

function beginDay(world: World, random: Random, character: Character): void {
  const { places } = world;
  const somewhere = (): number => random.below(places.length);
  if (character.away && random.chance(0.3)) time.pass(21 * DAY);
  if (character.clocks) time.setError(somewhere(), (random.below(11) - 5) * DAY);
  if (character.restored) takeCopies(world, random);
  if (character.damage) damageFiles(world, random);
  if (character.newColumn && random.chance(0.6)) {
    const place = somewhere();
    if (!world.business(place).has(ADDED)) world.addColumn(place);
  }
  if (character.kill) world.excuse('hub.digest');
  if (character.line) world.excuse('hub.lineCut', 'hub.digest');
  if (character.flip) world.excuse('hub.digest');
}

/** A disk takes nothing more, or takes it again. */
function fillDisk(world: World, random: Random): void {
  const place = random.below(world.places.length);
  if (!disk.full.delete(place)) disk.full.add(place);
  world.tell(`${world.nameOf(place)}: the disk is ${disk.full.has(place) ? 'full' : 'no longer full'}`);
  world.excuse('disk.full', 'hub.full', 'database.full');
}

/** People at a place do so many things. */
type Work = (place: number, statements: number, choose?: typeof statement) => void;

function workAt(
  world: World,
  random: Random,
  { place, statements, choose }: { place: number; statements: number; choose: typeof statement },
): void {
  for (let done = 0; done < statements; done += 1) {
    world.work(place, choose(random, world.business(place)));
    time.pass(1 + random.below(1000));
  }
}

/** From here on nothing fails, and whatever one place has grown all have. */
function endFaults(world: World): void {
  disk.full.clear();
  world.named.repair();
  if (world.businesses.some((business) => business.has(ADDED))) {
    for (const place of world.places) if (!world.business(place).has(ADDED)) world.addColumn(place);
  }
  world.excuses.clear();
  time.pass(DAY);
}
