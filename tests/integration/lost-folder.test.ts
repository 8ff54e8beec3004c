/** A place loses its data folder, while its database is intact. */
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { addSite, listSites, renewSite, set } from '../../src/commands/setup';
import { loadSettings } from '../../src/config/settings';
import type { Report } from '../../src/report/report';
import { DAY } from '../../src/session/tidy';
import { SyncError } from '../../src/shared/errors';
import { EngineCompany } from '../support/engines';
import { instead } from '../support/instead';
import { Nightly } from '../support/nightly';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);
  CREATE TABLE article (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER);
  INSERT INTO member VALUES (1, 'Ann', 'a'), (2, 'Bob', 'b'), (3, 'Cid', 'c'), (4, 'Dot', 'd');
  INSERT INTO article VALUES (1, 'Towel', 10000);`;
const COLUMNS = { member: ['id', 'name', 'mail'], article: ['id', 'stock'] };

let nightly: Nightly | null = null;
let company: EngineCompany | null = null;
afterEach(async () => {
  nightly?.close();
  nightly = null;
  await company?.close();
  company = null;
});

/** A hub and two sites after their first night, with a stock that adds up. */
async function found(): Promise<Nightly> {
  nightly = new Nightly({
    schema: SCHEMA,
    retention: { changes: 30 * DAY, conflicts: 1100 * DAY, reportDays: 400 },
  });
  nightly.additive = { article: ['stock'] };
  for (const place of [0, 1, 2]) await nightly.add(place);
  await nightsWithoutFailure(nightly, 2);
  return nightly;
}

const errorsOf = (reports: ReadonlyMap<number, Report>): unknown[] =>
  [...reports.values()].flatMap(({ error }) => (error === null ? [] : [error]));

async function nightsWithoutFailure(open: Nightly, count: number): Promise<void> {
  for (let night = 0; night < count; night += 1) expect(errorsOf(await open.night())).toEqual([]);
}

/** A batch that never gets away. */
async function captureOnly(open: Nightly, site: number): Promise<void> {
  open.links.set(site, (link) =>
    instead(link, 'sendBatch', () => () => Promise.reject(new SyncError('hub.lineCut', { retryable: true }))),
  );
  await open.sessions([site], 1);
  open.links.clear();
}

/** All places hold these rows. */
function expectEverywhere(
  open: Nightly,
  rows: { readonly member: readonly string[]; readonly article: readonly string[] },
): void {
  for (const place of [0, 1, 2])
    for (const table of ['member', 'article'] as const)
      expect(open.rows(place, table, COLUMNS[table]), `${table} at ${String(place)}`).toEqual(rows[table]);
}

/** Nobody's value gave way. */
async function expectNoConflict(open: Nightly): Promise<void> {
  const database = await open.database(0);
  expect(await database.conflicts(100)).toEqual([]);
  await database.close();
}

describe('a site that lost its data folder', () => {
  test('goes on under its number: nothing is lost, and nothing counted twice', async () => {
    const open = await found();
    for (const mail of ['first', 'second']) {
      open.at(1, `UPDATE member SET mail = '${mail}' WHERE id = 1`, `UPDATE article SET stock = stock - 3`);
      await captureOnly(open, 1);
    }
    open.at(2, `UPDATE member SET name = 'Bo' WHERE id = 2`, `UPDATE article SET stock = stock - 10`);
    await open.night([2]);
    await open.loseFolder(1);
    open.at(1, `UPDATE member SET name = 'Do' WHERE id = 4`, `UPDATE article SET stock = stock - 100`);
    await nightsWithoutFailure(open, 2);
    expectEverywhere(open, {
      member: [`1 'Ann' 'second'`, `2 'Bo' 'b'`, `3 'Cid' 'c'`, `4 'Do' 'd'`],
      article: ['1 9884'],
    });
    await expectNoConflict(open);
  });

  test('whose database is an old copy as well is asked about, and takes again what it lost', async () => {
    const open = await found();
    const copy = join(open.paths(1).folder, 'old.db');
    open.at(1, `VACUUM INTO '${copy}'`);
    open.at(1, `UPDATE member SET mail = 'sent' WHERE id = 1`, `UPDATE article SET stock = stock - 3`);
    await nightsWithoutFailure(open, 2);
    open.restore(1, copy);
    await open.loseFolder(1);
    open.at(1, `UPDATE member SET mail = 'new' WHERE id = 3`);
    expect(errorsOf(await open.night())).toMatchObject([{ code: 'session.siteRestored' }]);
    open.agreed.add(1);
    await nightsWithoutFailure(open, 3);
    expectEverywhere(open, {
      member: [`1 'Ann' 'sent'`, `2 'Bob' 'b'`, `3 'Cid' 'new'`, `4 'Dot' 'd'`],
      article: ['1 9997'],
    });
    await expectNoConflict(open);
  });
});

describe('a hub that lost its data folder', () => {
  test('publishes again what its sites have not had, in place of the rounds that are gone', async () => {
    const open = await found();
    // Site 2 sends, and does not see what comes of it: its own batch is in a round that is lost.
    open.at(2, `UPDATE member SET name = 'Bo' WHERE id = 2`, `UPDATE article SET stock = stock - 1`);
    open.at(0, `DELETE FROM member WHERE id = 4`, `UPDATE article SET stock = stock - 10`);
    await open.night();
    open.at(1, `INSERT INTO member VALUES (50, 'Eve', 'e')`, `UPDATE article SET stock = stock - 100`);
    await open.night([1]);
    await open.sessions([1], 1);
    // On what the lost rounds speak of, and not merged yet.
    open.at(2, `UPDATE article SET stock = stock - 1000`, `UPDATE member SET mail = 'bo' WHERE id = 2`);
    open.at(1, `UPDATE member SET mail = 'an' WHERE id = 1`);
    await open.sessions([1], 1);
    open.at(0, `UPDATE member SET mail = 'ci' WHERE id = 3`);
    const before = open.rows(2, 'member', COLUMNS.member);

    await open.loseFolder(0);
    const lost = { code: 'session.hubFolderLost', params: { round: 4 } };
    const refused = { code: 'session.roundsLost', params: { round: 0, known: 4 } };
    expect(errorsOf(await open.night())).toEqual([lost, lost, refused]);
    expect(open.rows(2, 'member', COLUMNS.member)).toEqual(before);
    open.agreed.add(0);
    expect(errorsOf(await open.sessions([0]))).toEqual([]);
    await nightsWithoutFailure(open, 2);
    expectEverywhere(open, {
      member: [`1 'Ann' 'an'`, `2 'Bo' 'bo'`, `3 'Cid' 'ci'`, `50 'Eve' 'e'`],
      article: ['1 8889'],
    });
    await expectNoConflict(open);
    const quiet = await open.night();
    expect([...quiet.values()].flatMap(({ tables }) => tables)).toEqual([]);
  });

  test('and was cut while it did so: it is asked about once more, and does it whole', async () => {
    const open = await found();
    open.at(1, `UPDATE member SET name = 'An' WHERE id = 1`, `UPDATE article SET stock = stock - 5`);
    await open.night([1]);
    await open.loseFolder(0);
    open.agreed.add(0);
    open.replaced.set(0, (database) =>
      instead(database, 'ledger', (own) => async (of) => {
        // Between the marks of the round and its manifest.
        if ((await own.state())?.lastMarked === 4) throw new SyncError('test.powerCut');
        return own.ledger(of);
      }),
    );
    expect(errorsOf(await open.sessions([0]))).toMatchObject([{ code: 'test.powerCut' }]);
    open.replaced.clear();
    open.agreed.clear();
    expect(errorsOf(await open.sessions([0]))).toMatchObject([{ code: 'session.roundsLost' }]);
    open.agreed.add(0);
    expect(errorsOf(await open.sessions([0]))).toEqual([]);
    await nightsWithoutFailure(open, 2);
    expectEverywhere(open, {
      member: [`1 'An' 'a'`, `2 'Bob' 'b'`, `3 'Cid' 'c'`, `4 'Dot' 'd'`],
      article: ['1 9995'],
    });
    await expectNoConflict(open);
  });

  test('with an old copy of its database goes on from it, and the sites give back what it lost', async () => {
    const open = await found();
    const copy = join(open.paths(0).folder, 'old.db');
    open.at(0, `VACUUM INTO '${copy}'`);
    open.at(0, `UPDATE member SET name = 'An' WHERE id = 1`);
    open.at(1, `UPDATE member SET mail = 'b1' WHERE id = 2`);
    open.at(2, `INSERT INTO member VALUES (70, 'New', 'n')`);
    await nightsWithoutFailure(open, 2);
    open.restore(0, copy);
    await open.loseFolder(0);
    open.at(0, `UPDATE member SET mail = 'c0' WHERE id = 3`);
    const lost = { code: 'session.hubFolderLost' };
    expect(errorsOf(await open.night())).toMatchObject([lost, lost, { code: 'session.hubBehind' }]);
    open.agreed.add(0);
    expect(errorsOf(await open.sessions([0]))).toEqual([]);
    expect(errorsOf(await open.sessions([1, 2]))).toMatchObject([
      { code: 'session.hubOtherPast' },
      { code: 'session.hubOtherPast' },
    ]);
    for (const site of [1, 2]) open.agreed.add(site);
    open.patience = 60_000;
    await nightsWithoutFailure(open, 3);
    expectEverywhere(open, {
      member: [`1 'An' 'a'`, `2 'Bob' 'b1'`, `3 'Cid' 'c0'`, `4 'Dot' 'd'`, `70 'New' 'n'`],
      article: ['1 10000'],
    });
  });
});

const pairAgain = async (open: EngineCompany, site: string, give: typeof addSite): Promise<void> =>
  open.pair(site, await open.addSite(site, give));

test('hub and site set up anew on their databases: who is who is known, and pairing again is all', async () => {
  const open = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon', 'paris'] });
  company = open;
  await open.command('hub', (context) => set(context, 'additive.article', 'stock'));
  open.at('lyon', `UPDATE article SET stock = stock - 1`);
  const failures = (reports: Record<string, Report>): unknown[] =>
    errorsOf(new Map(Object.values(reports).map((report, at) => [at, report])));
  expect(failures(await open.synchronise())).toEqual([]);
  for (const name of ['hub', 'lyon']) await open.loseFolder(name);
  expect(await open.command('hub', listSites)).toEqual({
    sites: [
      { number: 1, name: 'lyon', active: true },
      { number: 2, name: 'paris', active: true },
    ],
  });
  expect((await loadSettings(open.post('hub').data)).additive).toEqual({ article: ['stock'] });
  open.at('lyon', `UPDATE article SET stock = stock - 10`);
  open.at('paris', `UPDATE article SET stock = stock - 100`);
  // In any order: each goes on under its number.
  for (const site of ['paris', 'lyon']) await pairAgain(open, site, addSite);
  await pairAgain(open, 'lyon', (context) => renewSite(context, 'paris'));
  const hub = await open.start('hub');
  await hub.engine.serve();
  const other = await open.session('lyon');
  expect(other.error).toEqual({ code: 'session.otherNumber', params: { number: 2, known: 1 } });
  await open.stop('hub');
  await pairAgain(open, 'lyon', renewSite);
  await pairAgain(open, 'paris', renewSite);
  expect((await open.session('hub')).error?.code).toBe('session.roundsLost');
  expect(failures(await open.synchronise(undefined, { recover: 'hub' }))).toEqual([]);
  for (const name of ['hub', 'lyon', 'paris'])
    expect(open.contents(name)['article'], name).toEqual([`1 'Towel' 9889`]);
}, 60_000);
