/** What a site starts from: from which round and batch it goes on, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeBatch } from '../../src/capture/write-batch';
import { writeSnapshot } from '../../src/capture/write-snapshot';
import type { Database, TrackingState } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import { loadSnapshot } from '../../src/merge/load-snapshot';
import { fingerprintsOf } from '../../src/merge/schema-differences';
import { openBusiness, type Business } from '../support/business';

const TABLES = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT NOT NULL);`;
const ROUND = 3;

let folder = '';
const opened: { readonly close: () => unknown }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
});
afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

const file = (): string => join(folder, 'snapshot');
const signal = new AbortController().signal;

async function place(
  name: string,
  role: 'hub' | 'site',
  schema: string,
): Promise<{ database: Database; business: Business }> {
  const path = join(folder, name);
  writeFileSync(path, '');
  const business = openBusiness(path);
  business.run(schema);
  const database = await openSqlite(path);
  opened.push({ close: () => database.close() }, business);
  await database.prepare({ id: name, role });
  return { database, business };
}

/** A round of the hub is marked, as if it were about to be published. */
async function mark(database: Database, round: number): Promise<void> {
  for await (const { block } of database.capture(round, ['member'])) expect(block.table).toBe('member');
}

/** A hub with one member that has published three rounds, the last of which includes the fourth batch of site 1. */
async function hub(rows = `INSERT INTO member VALUES (1, 'Ann')`): Promise<Database> {
  const { database } = await place(`hub ${String(opened.length)}`, 'hub', `${TABLES} ${rows}`);
  for (const batch of [1, 2, 3, 4])
    await database.transaction((transaction) =>
      transaction.recordMerged({ site: 1, batch, sha256: '', declined: [] }),
    );
  for (let round = 1; round <= ROUND; round += 1) await mark(database, round);
  return database;
}

const write = (database: Database, round = ROUND): Promise<unknown> =>
  writeSnapshot(database, file(), { application: 'test', round, signal, onProgress: () => undefined });

const load = (database: Database, site: number | null = 1): Promise<number> =>
  loadSnapshot(database, file(), { site, signal, onProgress: () => undefined });

const numbersOf = (state: TrackingState | null): unknown => [
  state?.position,
  state?.lastMarked,
  state?.included,
];

test('a site goes on from the round, and where it had sent before from its last batch', async () => {
  await write(await hub());
  for (const [name, site, numbers] of [
    ['again', 1, [ROUND, 4, 4]],
    ['new', 2, [ROUND, 0, 0]],
    ['unpaired', null, [ROUND, 0, 0]],
  ] as const) {
    const { database, business } = await place(name, 'site', TABLES);
    expect(await load(database, site)).toBe(ROUND);
    expect(numbersOf(await database.state()), name).toEqual(numbers);
    expect(business.rows('member', ['id', 'name'])).toEqual([`1 'Ann'`]);
    expect(await database.pending()).toBe(0);
  }
});

test('nothing is written while a round is marked that nobody has, whenever that happened', async () => {
  const refusal = { code: 'snapshot.sessionFirst' };
  await expect(write(await hub(''), ROUND - 1)).rejects.toMatchObject(refusal);
  const database = await hub();
  const meanwhile = new Proxy(database, {
    get: (target, member) => {
      if (member === 'snapshot')
        return async function* (tables: readonly string[]) {
          await mark(target, ROUND + 1);
          yield* target.snapshot(tables);
        };
      const own: unknown = Reflect.get(target, member, target);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
  await expect(write(meanwhile)).rejects.toMatchObject(refusal);
});

test('a site is not filled from what is no snapshot, whose tables differ, or with a row that it refuses', async () => {
  const database = await hub();
  await write(database);
  const fails = async (schema: string): Promise<unknown> => {
    const { database: site, business } = await place(`site ${String(opened.length)}`, 'site', schema);
    const error: unknown = await load(site).catch((reason: unknown) => reason);
    expect(business.rows('member', ['id'])).toEqual([]);
    expect(numbersOf(await site.state())).toEqual([0, 0, 0]);
    return error;
  };
  expect(await fails('CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT)')).toMatchObject({
    code: 'snapshot.tablesDiffer',
    params: { tables: 'member' },
  });
  expect(
    await fails(`CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> 'Ann'))`),
  ).toMatchObject({ code: 'snapshot.refused', params: { table: 'member', reason: 'check' } });
  const { tables } = await database.catalogue();
  const header = {
    format: 1,
    application: 'test',
    kind: 'batch',
    origin: 1,
    number: 1,
    base: 0,
    fingerprints: fingerprintsOf(tables),
    clockOffset: 0,
  } as const;
  const site = await place('batch', 'site', TABLES);
  await writeBatch(site.database, file(), header, { tables: ['member'], signal, onChanges: () => undefined });
  expect(await fails(TABLES)).toMatchObject({ code: 'snapshot.notOne' });
});
