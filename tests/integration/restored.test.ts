import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { conflicts as conflictsCommand } from '../../src/commands/inspect';
import { set } from '../../src/commands/setup';
import type { Report } from '../../src/report/report';
import { EngineCompany } from '../support/engines';
import { Witness } from '../support/witness';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);
  CREATE TABLE visit (id INTEGER PRIMARY KEY, member INTEGER REFERENCES member, note TEXT);
  INSERT INTO member VALUES (1, 'Ann', 'a@x'), (2, 'Bob', 'b@x'), (3, 'Cid', 'c@x'), (4, 'Dot', 'd@x');`;

const OK = { hub: 'ok', lyon: 'ok', paris: 'ok' };

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
  const witness = new Witness();
  /** The application writes at one post, each `@` a new value. */
  const at = (name: string, ...statements: readonly string[]): void => {
    for (const statement of statements) {
      const place = { run: (sql: string) => open.at(name, sql), contents: () => open.contents(name) };
      expect(witness.run(statement, place), statement).toBe(true);
    }
  };
  const kept = async (): Promise<unknown> => [
    ...open.posts.map(({ name }) => open.contents(name)),
    ...(await Promise.all(
      open.posts.map(({ name }) => open.command(name, (context) => conflictsCommand(context))),
    )),
  ];
  const expectNothingLost = async (): Promise<void> => {
    expect(open.contents('lyon')).toEqual(open.contents('hub'));
    expect(open.contents('paris')).toEqual(open.contents('hub'));
    expect(witness.lost(await kept())).toEqual([]);
  };
  return { open, at, expectNothingLost };
}

const statesOf = (reports: Record<string, Report>): Record<string, string> =>
  Object.fromEntries(Object.entries(reports).map(([name, { state, error }]) => [name, error?.code ?? state]));

const good = (reports: Record<string, Report>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(statesOf(reports)).map(([name, state]) => [name, state === 'warnings' ? 'ok' : state]),
  );

describe('a site whose database was restored from an old copy', () => {
  test('takes the missing rounds again, its own changes with them, and loses nothing', async () => {
    const { open, at, expectNothingLost } = await found();
    await open.synchronise();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    const backup = open.backUp('lyon', 'lyon-old.db');
    // The lost life: sent, published, and known to the others.
    at('lyon', `INSERT INTO member VALUES (50, '@', '@')`, `UPDATE member SET mail = '@' WHERE id = 2`);
    at('paris', `UPDATE member SET name = '@' WHERE id = 3`);
    expect(good(await open.synchronise())).toEqual(OK);
    at('paris', `UPDATE member SET mail = '@' WHERE id = 4`);
    expect(good(await open.synchronise())).toEqual(OK);

    open.restore('lyon', backup);
    // The new life: the same key, the same column, and something of its own.
    at(
      'lyon',
      `INSERT INTO member VALUES (50, '@', '@')`,
      `UPDATE member SET mail = '@' WHERE id = 2`,
      `UPDATE member SET name = '@' WHERE id = 3`,
      `INSERT INTO visit VALUES (1, 50, '@')`,
    );
    at('paris', `UPDATE member SET mail = '@' WHERE id = 50`);
    const before = open.contents('lyon');
    const hub = await open.start('hub');
    await hub.engine.serve();
    expect((await open.session('lyon')).error?.code).toBe('session.siteRestored');
    expect(open.contents('lyon')).toEqual(before);
    await open.stop('hub');

    const reports = await open.synchronise(undefined, { recover: 'lyon' });
    expect(good(reports)).toEqual(OK);
    await open.synchronise();
    await expectNothingLost();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 50`);
    expect(statesOf(await open.synchronise())).toEqual(OK);
    await expectNothingLost();
  }, 60_000);

  test('is noticed by its outbox, and what it had not sent goes as it is', async () => {
    const { open, at, expectNothingLost } = await found();
    await open.synchronise();
    const backup = open.backUp('lyon', 'lyon-old.db');
    at('lyon', `INSERT INTO member VALUES (50, '@', '@')`);
    // The line goes down as soon as the batch is named.
    const lyon = await open.start('lyon');
    const hub = await open.start('hub');
    await hub.engine.serve();
    const session = lyon.engine.synchronise('manual');
    await lyon.logged('session.site.captured');
    await open.stop('hub');
    await lyon.engine.stopSession();
    await session;
    await open.stop('lyon');

    open.restore('lyon', backup);
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    await (await open.start('hub')).engine.serve();
    expect((await open.session('lyon')).error?.code).toBe('session.siteRestored');
    await open.stop('hub');
    expect(good(await open.synchronise(undefined, { recover: 'lyon' }))).toEqual(OK);
    await open.synchronise();
    await expectNothingLost();
    expect(open.contents('hub')['member']).toHaveLength(5);
  }, 60_000);
});

describe('a hub whose database was restored from an old copy', () => {
  test('gets its published rounds again, and what was written since meets them by the rules', async () => {
    const { open, at, expectNothingLost } = await found();
    await open.synchronise();
    at('hub', `UPDATE member SET name = '@' WHERE id = 1`);
    const backup = open.backUp('hub', 'hub-old.db');
    at('hub', `UPDATE member SET mail = '@' WHERE id = 1`, `INSERT INTO member VALUES (60, '@', '@')`);
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 2`, `INSERT INTO member VALUES (50, '@', '@')`);
    at('paris', `INSERT INTO visit VALUES (9, 2, '@')`);
    expect(good(await open.synchronise())).toEqual(OK);
    at('lyon', `UPDATE member SET name = '@' WHERE id = 3`, `DELETE FROM member WHERE id = 4`);
    expect(good(await open.synchronise())).toEqual(OK);

    open.restore('hub', backup);
    at(
      'hub',
      `UPDATE member SET mail = '@' WHERE id = 2`,
      `INSERT INTO member VALUES (50, '@', '@')`,
      `UPDATE member SET name = '@' WHERE id = 4`,
    );
    at('paris', `UPDATE member SET name = '@' WHERE id = 50`);
    const before = open.contents('hub');
    expect((await open.session('hub')).error?.code).toBe('session.hubDatabaseRestored');
    expect(open.contents('hub')).toEqual(before);

    expect(good(await open.synchronise(undefined, { recover: 'hub' }))).toEqual(OK);
    expect(good(await open.synchronise())).toEqual(OK);
    await expectNothingLost();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 60`);
    expect(good(await open.synchronise())).toEqual(OK);
    await expectNothingLost();
  }, 60_000);

  test('without one of its rounds it says so and changes nothing', async () => {
    const { open, at } = await found();
    const backup = open.backUp('hub', 'hub-old.db');
    for (const name of ['lyon', 'paris']) {
      at(name, `INSERT INTO visit VALUES (${name === 'lyon' ? '1' : '2'}, 1, '@')`);
      await open.synchronise();
    }
    open.restore('hub', backup);
    const before = open.contents('hub');
    rmSync(join(open.post('hub').data, 'rounds', '000001'), { recursive: true });
    const report = await open.session('hub', { recover: true });
    expect(report.error).toEqual({ code: 'session.replayLost', params: { round: 1 } });
    expect(open.contents('hub')).toEqual(before);
  }, 60_000);
});

describe('a hub whose database and folder were both restored', () => {
  /** Both as they are now; `restore` puts them back so. */
  const backUpHub = (open: EngineCompany): (() => void) => {
    const database = open.backUp('hub', 'hub-old.db');
    const restoreFolder = open.backUpFolder('hub');
    return () => {
      open.restore('hub', database);
      restoreFolder();
    };
  };

  test('is noticed by a site that knows more, and from then on by itself', async () => {
    const { open, at } = await found();
    await open.synchronise();
    const restore = backUpHub(open);
    at('hub', `UPDATE member SET name = '@' WHERE id = 1`);
    await open.synchronise();
    restore();
    at('lyon', `UPDATE member SET name = '@' WHERE id = 2`);
    const before = [open.contents('hub'), open.contents('lyon')];
    await (await open.start('hub')).engine.serve();
    expect((await open.session('lyon')).error?.code).toBe('session.hubRestored');
    await open.stop('hub');
    const report = await open.session('hub');
    expect(report.error).toMatchObject({ code: 'session.hubBehind', params: { site: 'lyon' } });
    expect([open.contents('hub'), open.contents('lyon')]).toEqual(before);
  }, 60_000);

  test('is noticed even when it has gone on with others, up to the same number', async () => {
    const { open, at } = await found();
    await open.synchronise();
    const restore = backUpHub(open);
    await open.command('hub', (context) => set(context, 'receptionLimit', '0.3'));
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    await open.synchronise(['hub', 'lyon']);
    restore();
    at('paris', `UPDATE member SET name = '@' WHERE id = 2`);
    await open.synchronise(['hub', 'paris']);
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 3`);
    const before = [open.contents('hub'), open.contents('lyon')];
    await (await open.start('hub')).engine.serve();
    const report = await open.session('lyon');
    expect(report.error).toEqual({ code: 'session.hubOtherPast', params: { round: 2, known: 2 } });
    await open.stop('hub');
    expect([open.contents('hub'), open.contents('lyon')]).toEqual(before);
  }, 60_000);

  test('goes on from its copy, and the sites give back what it lost', async () => {
    const { open, at, expectNothingLost } = await found();
    at('lyon', `INSERT INTO visit VALUES (1, 1, '@')`);
    await open.synchronise();
    const restore = backUpHub(open);
    // The lost life: of the hub itself and of both sites, merged, sent on, and known to the others.
    at('hub', `UPDATE member SET name = '@' WHERE id = 1`, `INSERT INTO member VALUES (60, '@', '@')`);
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 1`, `DELETE FROM member WHERE id = 4`);
    at('paris', `INSERT INTO member VALUES (70, '@', '@')`, `UPDATE member SET name = '@' WHERE id = 2`);
    expect(good(await open.synchronise())).toEqual(OK);
    at('paris', `UPDATE member SET name = '@' WHERE id = 1`, `UPDATE member SET mail = '@' WHERE id = 60`);
    expect((await open.visit('paris')).state).toBe('ok');
    // Written and not sent yet.
    at('lyon', `UPDATE member SET name = '@' WHERE id = 70`, `UPDATE member SET mail = '@' WHERE id = 3`);
    restore();
    // The new life.
    at('hub', `UPDATE member SET mail = '@' WHERE id = 2`, `INSERT INTO member VALUES (61, '@', '@')`);

    expect((await open.visit('paris')).error?.code).toBe('session.hubRestored');
    const refused = await open.session('hub');
    expect(refused.error).toMatchObject({ code: 'session.hubBehind', params: { site: 'paris' } });
    await open.command('hub', (context) => set(context, 'receptionLimit', '0.01'));
    expect((await open.session('hub', { recover: true })).error).toBe(null);
    expect((await open.visit('paris')).error?.code).toBe('session.hubRestored');
    // Who knows less begins.
    for (const site of ['lyon', 'paris']) {
      expect((await open.visit(site, { recover: true })).error).toBe(null);
      expect((await open.visit(site)).error).toBe(null);
    }
    expect((await open.visit('lyon')).error).toBe(null);
    await expectNothingLost();
    const keys = open.contents('hub')['member']?.map((row) => row.split(' ')[0]);
    expect(keys).toEqual(['1', '2', '3', '60', '61', '70']);
  }, 60_000);

  test('gets back what it lost even after it went on with others', async () => {
    const { open, at, expectNothingLost } = await found();
    await open.synchronise();
    const restore = backUpHub(open);
    at('hub', `UPDATE member SET mail = '@' WHERE id = 3`);
    at('lyon', `UPDATE member SET name = '@' WHERE id = 1`);
    await open.visit('lyon');
    restore();
    at('paris', `UPDATE member SET name = '@' WHERE id = 2`, `UPDATE member SET name = '@' WHERE id = 3`);
    await open.visit('paris');
    at('paris', `UPDATE member SET mail = '@' WHERE id = 1`);
    await open.visit('paris');
    at('lyon', `UPDATE member SET mail = '@' WHERE id = 4`);
    expect((await open.visit('lyon')).error?.code).toBe('session.hubOtherPast');
    expect((await open.visit('lyon', { recover: true })).error).toBe(null);
    for (const site of ['lyon', 'paris', 'lyon']) expect((await open.visit(site)).error).toBe(null);
    await expectNothingLost();
  }, 60_000);
});
