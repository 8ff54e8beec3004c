import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../src/database/sqlite/database';
import { Business } from './machine/business';
import { ADDITIVE, SCHEMA } from './schema';

/** In memory where the system has such a folder: thousands of transactions each wait for their disk. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'synchro-simulation-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const pathOf = (place: number): string => join(folder, `${String(place)}.db`);
/** Where a copy of a place's database can be laid aside. */
export const copyOf = (place: number): string => join(folder, `copy-${String(place)}.db`);
/** Where the newest state of a database waits while an old copy is in its place. */
export const newestOf = (place: number): string => join(folder, `newest-${String(place)}.db`);
const templateOf = (place: number): string => join(folder, `template-${String(place)}.db`);

const open = new Map<number, Business>();

/**
 * The databases of the hub and of `sites` establishments, all alike and prepared, as on the first day. Files are used
 * again from history to history, with the rows of the first day, unless their schema was changed or they were replaced.
 */
export async function placeBusinesses(sites: number): Promise<readonly Business[]> {
  const places = Array.from({ length: sites + 1 }, (_, place) => place);
  const used = places.filter((place) => open.get(place)?.pristine === false);
  for (const place of used) {
    open.get(place)?.close();
    open.delete(place);
  }
  const businesses: Business[] = [];
  for (const place of places) businesses.push(await businessOf(place));
  return businesses;
}

async function businessOf(place: number): Promise<Business> {
  if (!existsSync(templateOf(place))) await makeTemplate(place);
  const known = open.get(place);
  if (known !== undefined) {
    known.becomeLike(templateOf(place));
    return known;
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(pathOf(place) + suffix, { force: true });
  copyFileSync(templateOf(place), pathOf(place));
  const made = new Business(pathOf(place), place);
  open.set(place, made);
  return made;
}

async function makeTemplate(place: number): Promise<void> {
  copyFileSync('/dev/null', pathOf(place));
  const business = new Business(pathOf(place), place);
  business.run(SCHEMA);
  const database = await openSqlite(pathOf(place));
  const installation = {
    id: `installation-${String(place)}`,
    role: place === 0 ? ('hub' as const) : ('site' as const),
  };
  await database.prepare(installation);
  await database.declareAdditive(ADDITIVE);
  await database.prepare(installation);
  await database.close();
  business.copyTo(templateOf(place));
  business.close();
}
