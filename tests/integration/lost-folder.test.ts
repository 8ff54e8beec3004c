/** A place loses its data folder, while its database is intact. */
import { mkdirSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { conflicts } from '../../src/commands/inspect';
import { addSite, init, listSites, renewSite, set } from '../../src/commands/setup';
import { prepare } from '../../src/commands/tracking';
import { loadSettings } from '../../src/config/settings';
import type { Report } from '../../src/report/report';
import { EngineCompany } from '../support/engines';
import { Witness } from '../support/witness';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);
  CREATE TABLE article (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER);
  INSERT INTO member VALUES (1, 'Ann', 'a@x'), (2, 'Bob', 'b@x'), (3, 'Cid', 'c@x'), (4, 'Dot', 'd@x');
  INSERT INTO article VALUES (1, 'Towel', 100);`;

let company: EngineCompany | null = null;
afterEach(async () => {
  await company?.close();
  company = null;
});

async function found() {
  const open = await EngineCompany.open({
    schema: SCHEMA,
    sites: ['lyon', 'paris'],
    settings: { receptionLimit: '60', waitLimit: '60' },
  });
  company = open;
  await open.command('hub', (context) => set(context, 'additive.article', 'stock'));
  await open.synchronise();
  const witness = new Witness();
  /** The application writes at one post, each `@` a new value. */
  const at = (name: string, ...statements: readonly string[]): void => {
    for (const statement of statements) {
      const place = { run: (sql: string) => open.at(name, sql), contents: () => open.contents(name) };
      expect(witness.run(statement, place), statement).toBe(true);
    }
  };
  const conflictsOf = (name: string): Promise<unknown> => open.command(name, (context) => conflicts(context));
  const expectAlike = async (stock: number): Promise<void> => {
    for (const site of ['lyon', 'paris']) expect(open.contents(site), site).toEqual(open.contents('hub'));
    expect(open.contents('hub')['article']).toEqual([`1 'Towel' ${String(stock)}`]);
    expect(
      witness.lost([...open.posts.map(({ name }) => open.contents(name)), await conflictsOf('hub')]),
    ).toEqual([]);
  };
  return { open, at, conflictsOf, expectAlike };
}

/** The folder goes; the program is set up anew on the same database. */
async function loseFolder(open: EngineCompany, name: string): Promise<void> {
  const { data, path } = open.post(name);
  const { hub } = await loadSettings(data);
  rmSync(data, { recursive: true });
  mkdirSync(data);
  const role =
    name === 'hub' ? { role: 'hub', port: String(hub?.port), address: '127.0.0.1' } : { role: 'site' };
  await open.command(name, (context) => init(context, { ...role, name, database: path }));
  await open.command(name, prepare);
  if (hub === null) return;
  const { from, to } = hub.passivePorts;
  await open.command(name, (context) => set(context, 'hub.passivePorts.from', String(from)));
  await open.command(name, (context) => set(context, 'hub.passivePorts.to', String(to)));
}

async function pairAgain(open: EngineCompany, site: string, give: typeof addSite): Promise<void> {
  const { code } = (await open.command('hub', (context) => give(context, site))) as { code: string };
  await open.pair(site, code);
}

/** A site asks a hub that stands ready for a session of the two. */
async function visit(open: EngineCompany, site: string, agreed = {}): Promise<Report> {
  const hub = await open.start('hub');
  await hub.engine.serve();
  const report = await open.session(site, agreed);
  const ends = ['ok', 'warnings', 'partial'].map((state) => hub.logged(`session.ended.${state}`));
  if (report.error === null) await Promise.race(ends);
  await open.stop('hub');
  return report;
}

/** A batch of the site has its name, and the line goes down before it is there. */
async function captureOnly(open: EngineCompany, site: string): Promise<void> {
  const running = await open.start(site);
  const hub = await open.start('hub');
  await hub.engine.serve();
  const session = running.engine.synchronise('schedule');
  await running.logged('session.site.captured');
  await open.stop('hub');
  await running.engine.stopSession();
  await session;
  await open.stop(site);
}

const failures = (reports: Record<string, Report>): unknown[] =>
  Object.values(reports).flatMap(({ error }) => (error === null ? [] : [error]));

const keysOf = ({ steps }: Report): string[] =>
  steps.flatMap(({ messages }) => messages.map(({ key }) => key));

describe('a site that lost its data folder', () => {
  test('goes on under its number: nothing is lost, and nothing counted twice', async () => {
    const { open, at, conflictsOf, expectAlike } = await found();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`, `UPDATE article SET stock = stock - 3`);
    await captureOnly(open, 'lyon');
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 1`, `UPDATE article SET stock = stock - 2`);
    at('paris', `UPDATE member SET name = '@' WHERE id = 2`, `UPDATE article SET stock = stock - 10`);
    await visit(open, 'paris');
    await loseFolder(open, 'lyon');
    at('lyon', `UPDATE member SET name = '@' WHERE id = 4`);
    await pairAgain(open, 'lyon', renewSite);
    expect(failures(await open.synchronise())).toEqual([]);
    expect(failures(await open.synchronise())).toEqual([]);
    await expectAlike(85);
    expect(await conflictsOf('hub')).toEqual({ conflicts: [] });
  }, 60_000);

  test('paired as another one that has a past it is refused; as a new one it begins anew', async () => {
    const { open, at, expectAlike } = await found();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    await captureOnly(open, 'lyon');
    await loseFolder(open, 'lyon');
    await pairAgain(open, 'lyon', (context) => renewSite(context, 'paris'));
    expect((await visit(open, 'lyon')).error).toEqual({
      code: 'session.otherNumber',
      params: { number: 2, known: 1 },
    });
    await pairAgain(open, 'lyon', (context) => addSite(context, 'Lyon 2'));
    expect(keysOf(await visit(open, 'lyon'))).toContain('session.site.newNumber');
    await pairAgain(open, 'paris', renewSite);
    for (const site of ['paris', 'lyon']) expect((await visit(open, site)).error).toBeNull();
    await expectAlike(100);
  }, 60_000);
});

describe('a hub that lost its data folder', () => {
  test('publishes again what its sites have not had, in place of the rounds that are gone', async () => {
    const { open, at, conflictsOf, expectAlike } = await found();
    // Paris sends, and the next rounds come without it: its own batch is in them.
    at('paris', `UPDATE member SET name = '@' WHERE id = 2`, `UPDATE article SET stock = stock - 10`);
    at('hub', `DELETE FROM member WHERE id = 4`, `UPDATE article SET stock = stock - 1`);
    await open.command('hub', (context) => set(context, 'receptionLimit', '0.1'));
    await visit(open, 'lyon');
    at('lyon', `INSERT INTO member VALUES (50, '@', '@')`, `UPDATE article SET stock = stock - 100`);
    await visit(open, 'lyon');
    // Not sent yet, and about what the lost rounds spoke of.
    at('paris', `UPDATE article SET stock = stock - 1000`, `UPDATE member SET mail = '@' WHERE id = 3`);
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 1`);
    await captureOnly(open, 'lyon');
    at('hub', `UPDATE member SET mail = '@' WHERE id = 2`);

    await loseFolder(open, 'hub');
    expect(await open.command('hub', listSites)).toEqual({
      sites: [
        { number: 1, name: 'lyon', active: true },
        { number: 2, name: 'paris', active: true },
      ],
    });
    for (const site of ['paris', 'lyon']) await pairAgain(open, site, addSite);
    const before = open.contents('paris');
    const params = { round: 3 };
    expect((await visit(open, 'paris')).error).toEqual({ code: 'session.hubFolderLost', params });
    expect(open.contents('paris')).toEqual(before);
    const refused = await open.session('hub');
    expect(refused.error).toEqual({ code: 'session.roundsLost', params: { round: 0, known: 3 } });

    expect(failures(await open.synchronise(undefined, { recover: 'hub' }))).toEqual([]);
    expect(failures(await open.synchronise())).toEqual([]);
    await expectAlike(100 - 10 - 1 - 100 - 1000);
    expect(await conflictsOf('hub')).toEqual({ conflicts: [] });
    const quiet = await open.synchronise();
    expect(Object.values(quiet).flatMap(({ tables }) => tables)).toEqual([]);
  }, 90_000);

  test('and has an old copy of its database as well: goes on from it, and the sites give back what it lost', async () => {
    const { open, at, expectAlike } = await found();
    const backup = open.backUp('hub', 'hub-old.db');
    at('hub', `UPDATE member SET name = '@' WHERE id = 1`);
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 1`);
    at('paris', `INSERT INTO member VALUES (70, '@', '@')`);
    expect(failures(await open.synchronise())).toEqual([]);
    at('lyon', `UPDATE member SET name = '@' WHERE id = 70`);
    open.restore('hub', backup);
    await loseFolder(open, 'hub');
    at('hub', `UPDATE member SET mail = '@' WHERE id = 3`);
    for (const site of ['paris', 'lyon']) await pairAgain(open, site, addSite);

    for (const site of ['lyon', 'paris'])
      expect((await visit(open, site)).error?.code).toBe('session.hubFolderLost');
    expect((await open.session('hub')).error?.code).toBe('session.hubBehind');
    await open.command('hub', (context) => set(context, 'receptionLimit', '0.01'));
    expect((await open.session('hub', { recover: true })).error).toBeNull();
    for (const site of ['lyon', 'paris']) {
      expect((await visit(open, site)).error?.code).toMatch(/hubRestored|hubOtherPast/);
      expect((await visit(open, site, { recover: true })).error).toBeNull();
    }
    for (const site of ['lyon', 'paris', 'lyon']) expect((await visit(open, site)).error).toBeNull();
    await expectAlike(100);
  }, 90_000);
});
