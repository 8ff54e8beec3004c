import { seededRandom, type Random } from '../support/random';
import { Fuse } from './kill';
import { PLACES, SITES, World, type Run } from './world';

/** What came of one history: each must be empty. */
export interface Findings {
  /** Places whose database is not the hub's, after the quiet nights. */
  readonly different: readonly string[];
  /** Values that nobody took away and that are nowhere. */
  readonly lost: readonly string[];
}

const NIGHTS = 4;
/** 'After faults end and two quiet sessions pass': one more for what a cut session left half sent. */
const QUIET_NIGHTS = 3;

/** Plays one history, wholly determined by `seed`: days of work, nights of sessions in any order, power cuts anywhere. */
export async function simulate(seed: number): Promise<Findings> {
  const random = seededRandom(seed);
  const world = await World.open();
  try {
    for (let night = 0; night < NIGHTS; night += 1) await playNight(world, random);
    for (let night = 0; night < QUIET_NIGHTS; night += 1) await playQuietNight(world);
    const hub = JSON.stringify(world.contents(0));
    return {
      different: SITES.filter((site) => JSON.stringify(world.contents(site)) !== hub).map(
        (site) => `site ${String(site)}`,
      ),
      lost: world.witness.lost(await world.kept()),
    };
  } finally {
    world.close();
  }
}

/** Sessions of the hub and of some sites, their steps in any order, people working in between. */
async function playNight(world: World, random: Random): Promise<void> {
  for (const place of PLACES) work(world, random, place, random.below(4));
  const runs: Run[] = [];
  for (const site of SITES) if (random.chance(0.8)) runs.push(await world.site(site, fuse(random)));
  if (random.chance(0.85)) runs.push(await world.hub(fuse(random)));
  for (let open = runs; open.length > 0; open = runs.filter((run) => run.open)) {
    const run = open[random.below(open.length)];
    if (random.chance(0.03)) await run?.kill();
    else await run?.next();
    if (random.chance(0.2)) work(world, random, random.below(PLACES.length), 1);
  }
}

/** Nobody works and nothing fails; every site has delivered before the hub merges, and gets its round. */
async function playQuietNight(world: World): Promise<void> {
  const sites = await Promise.all(SITES.map((site) => world.site(site, Fuse.never())));
  for (const site of sites) for (let step = 0; step < 4; step += 1) await site.next();
  const hub = await world.hub(Fuse.never());
  while (hub.open) await hub.next();
  for (const site of sites) while (site.open) await site.next();
}

const fuse = (random: Random): Fuse => (random.chance(0.3) ? new Fuse(random.below(40)) : Fuse.never());

function work(world: World, random: Random, place: number, statements: number): void {
  for (let done = 0; done < statements; done += 1) world.work(place, statement(random));
}

function statement(random: Random): string {
  const id = String(1 + random.below(4));
  const other = String(1 + random.below(4));
  const mail = random.pick([`'a'`, `'b'`, `'c'`, 'NULL']);
  return random.pick([
    `UPDATE member SET name = '@' WHERE id = ${id}`,
    `UPDATE member SET note = '@' WHERE id = ${id}`,
    `UPDATE member SET mail = ${mail} WHERE id = ${id}`,
    `UPDATE member SET id = ${other} WHERE id = ${id}`,
    `INSERT INTO member VALUES (${id}, '@', ${mail}, '@')`,
    `INSERT OR REPLACE INTO member VALUES (${id}, '@', ${mail}, NULL)`,
    `DELETE FROM member WHERE id = ${id}`,
    `INSERT INTO visit VALUES (${id}, ${other}, '@')`,
    `UPDATE visit SET word = '@', member = ${other} WHERE id = ${id}`,
    `DELETE FROM visit WHERE id = ${id}`,
    `INSERT OR REPLACE INTO setting VALUES ('p${id}', 'n${other}', '@')`,
    `UPDATE setting SET value = '@' WHERE place = 'p${id}'`,
    `DELETE FROM setting WHERE name = 'n${id}'`,
  ]);
}
