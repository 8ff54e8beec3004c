import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../src/database/sqlite/database';
import { Business } from './machine/business';
import { ADDITIVE, SCHEMAS, type Company } from './schema';

/** In memory where the system has such a folder: thousands of transactions each wait for their disk. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'synchro-simulation-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const pathOf = (company: Company, place: number): string => join(folder, company, `${String(place)}.db`);
/** Where a copy of a place's database can be laid aside. */
export const copyOf = (place: number): string => join(folder, `copy-${String(place)}.db`);
/** Where the newest state of a database waits while an old copy is in its place. */
export const newestOf = (place: number): string => join(folder, `newest-${String(place)}.db`);
const templateOf = (company: Company, place: number): string =>
  join(folder, company, `template-${String(place)}.db`);

/** By path. */
const open = new Map<string, Business>();

/**
 * The databases of the hub and of `sites` establishments, all alike and prepared, as on the first day. Files are used
 * again from history to history, with the rows of the first day, unless their schema was changed or they were replaced.
 */
export async function placeBusinesses(company: Company, sites: number): Promise<readonly Business[]> {
  mkdirSync(join(folder, company), { recursive: true });
  const businesses: Business[] = [];
  for (let place = 0; place <= sites; place += 1) businesses.push(await businessOf(company, place));
  return businesses;
}

async function businessOf(company: Company, place: number): Promise<Business> {
  const [path, template] = [pathOf(company, place), templateOf(company, place)];
  if (!existsSync(template)) await makeTemplate(company, place);
  const known = open.get(path);
  if (known?.pristine === true) {
    known.becomeLike(template);
    return known;
  }
  known?.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  copyFileSync(template, path);
  const made = new Business(path, place);
  open.set(path, made);
  return made;
}

async function makeTemplate(company: Company, place: number): Promise<void> {
  const path = pathOf(company, place);
  copyFileSync('/dev/null', path);
  const business = new Business(path, place);
  business.run(SCHEMAS[company]);
  const database = await openSqlite(path);
  const installation = {
    id: `installation-${String(place)}`,
    role: place === 0 ? ('hub' as const) : ('site' as const),
  };
  await database.prepare(installation);
  await database.declareAdditive(ADDITIVE);
  await database.prepare(installation);
  await database.close();
  business.copyTo(templateOf(company, place));
  business.close();
}
