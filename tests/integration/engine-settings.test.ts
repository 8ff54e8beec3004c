import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewInstallation, SettingsDraft, SettingsValues } from '../../src/engine/contract';
import { Engine } from '../../src/engine/engine';
import type { Parts } from '../../src/engine/parts';
import { parts } from '../../src/main';
import { loadSettings } from '../../src/config/settings';
import { decodePairing } from '../../src/transport/pairing';
import { hashSecret } from '../../src/transport/secrets';
import { follow, type RunningEngine } from '../support/engines';
import { freeHubPorts } from '../support/ports';
import { RawFtp } from '../support/raw-ftp';

const SCHEMA = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE trace (what TEXT)`;

let folder = '';
let opened: Engine[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-settings-'));
  const database = new DatabaseSync(join(folder, 'original.db'));
  database.exec(SCHEMA);
  database.close();
});
afterEach(async () => {
  for (const engine of opened) await engine.shutdown();
  opened = [];
  rmSync(folder, { recursive: true, force: true });
});

/** As the program starts on a machine: whatever is in its data folder, a window can be shown. */
async function started(name: string, changes: Partial<Parts> = {}): Promise<RunningEngine> {
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  copyFileSync(join(folder, 'original.db'), join(folder, `${name}.db`));
  const running = follow((events) => new Engine({ ...parts, ...changes }, data, events));
  opened.push(running.engine);
  await running.engine.start();
  return running;
}

const answersOf = (name: string, more: Partial<NewInstallation> = {}): NewInstallation => ({
  role: 'site',
  name,
  database: join(folder, `${name}.db`),
  ...more,
});

async function hub(changes: Partial<Parts> = {}): Promise<RunningEngine & { port: number }> {
  const { port, passive } = await freeHubPorts();
  const running = await started('hub', changes);
  const { engine } = running;
  expect(await engine.initialise(answersOf('hub', { role: 'hub', port, address: '127.0.0.1' }))).toEqual([]);
  expect(await engine.saveSettings(await draftOf(engine, { passivePorts: passive }))).toEqual([]);
  return { ...running, port };
}

async function valuesOf(engine: Engine): Promise<SettingsValues> {
  const { values } = await engine.settings();
  if (values === null) throw new Error('there are no settings');
  return values;
}

async function draftOf(
  engine: Engine,
  changes: Partial<NonNullable<SettingsValues['hub']>> = {},
): Promise<SettingsDraft> {
  const values = await valuesOf(engine);
  return { ...values, hub: values.hub === null ? null : { ...values.hub, ...changes } };
}

/** Every day, at that hour. */
function departingAt(time: string): SettingsDraft['schedule'] {
  return { departures: [{ time, days: [1, 2, 3, 4, 5, 6, 7] }], timeZone: 'system', catchUpMinutes: 180 };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
}

describe('a first start', () => {
  test('says that nothing is configured, and proposes what it can', async () => {
    const { engine } = await started('lyon');
    const { configured, verdict, lock } = await engine.overview();
    expect([configured, verdict.key, lock]).toEqual([null, 'verdict.notConfigured', 'none']);
    const { values, problem, proposals } = await engine.settings();
    expect([values, problem?.key]).toEqual([null, 'error.settings.missing']);
    expect(proposals.name).not.toBe('');
  });

  test('makes a hub that serves at once', async () => {
    const { engine, port } = await hub();
    expect(await answers(port)).toBe(true);
    const { ftp, configured } = await engine.overview();
    expect(ftp).toEqual({ active: true, port });
    expect(configured).toMatchObject({ role: 'hub', name: 'hub', siteCount: 0, paired: true });
  });

  test('leaves a folder alone that another program works in', async () => {
    await started('lyon');
    const { engine } = await started('lyon');
    expect((await engine.overview()).verdict).toMatchObject({ key: 'error.data.locked', level: 'bad' });
    await expect(engine.initialise(answersOf('lyon'))).rejects.toMatchObject({ code: 'data.locked' });
    expect((await engine.settings()).problem?.key).toBe('error.settings.missing');
  });

  test('tells what is wrong with the answers, by path, and makes nothing', async () => {
    const { engine } = await started('lyon');
    const faults = await engine.initialise(answersOf('lyon', { name: ' ' }));
    expect(faults).toEqual([{ path: 'name', key: 'settings.fault.empty', params: {} }]);
    const absent = engine.initialise(answersOf('lyon', { database: join(folder, 'none.db') }));
    await expect(absent).rejects.toMatchObject({ code: 'database.missing' });
    expect((await engine.settings()).values).toBeNull();
  });

  test('can be taken again until somebody builds on it', async () => {
    const { engine } = await started('lyon');
    await engine.initialise(answersOf('lyon'));
    const { port } = await freeHubPorts();
    await engine.initialise(answersOf('lyon', { role: 'hub', port, address: '127.0.0.1' }));
    expect((await engine.overview()).configured?.role).toBe('hub');
    await engine.addSite('Paris');
    await expect(engine.initialise(answersOf('lyon'))).rejects.toMatchObject({ code: 'settings.exists' });
  });

  test('hub and site synchronise without a command line', async () => {
    const { engine: head } = await hub();
    const { engine: branch } = await started('lyon');
    await branch.initialise(answersOf('lyon'));
    expect((await branch.overview()).verdict.key).toBe('verdict.notPaired');
    for (const engine of [head, branch]) await engine.prepare();
    const { code } = await head.addSite('Lyon');
    await branch.pair(code);
    expect((await valuesOf(branch)).site).toMatchObject({ number: 1, user: 'site-1', secret: { set: true } });
    const reports = await Promise.all([head.synchronise('manual'), branch.synchronise('manual')]);
    expect(reports.map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect((await head.overview()).verdict.key).toMatch(/^verdict.upToDate.(today|yesterday)$/);
    const [line] = await head.sites();
    expect(line).toMatchObject({ number: 1, name: 'Lyon', active: true });
    expect(line?.lastSeen).not.toBeNull();
  });
});

describe('settings that are changed', () => {
  test('hold at once: another port listens, the former one no more', async () => {
    const { engine, port, changes } = await hub();
    const { port: other } = await freeHubPorts();
    const before = changes.length;
    expect(await engine.saveSettings(await draftOf(engine, { port: other }))).toEqual([]);
    expect([await answers(other), await answers(port)]).toEqual([true, false]);
    expect(changes.slice(before)).toContain('settings');
    const draft = { ...(await draftOf(engine)), name: 'Siège', schedule: departingAt('23:15') };
    await engine.saveSettings(draft);
    expect((await engine.overview()).configured).toMatchObject({ name: 'Siège', departure: '23:15' });
  });

  test('are saved all or not at all, and every fault is told', async () => {
    const { engine } = await hub();
    const draft = {
      ...(await draftOf(engine, { port: 70_000 })),
      schedule: departingAt('24:00'),
      name: 'Autre',
    };
    const faults = [
      { path: 'schedule.departures.0.time', key: 'settings.fault.time', params: {} },
      { path: 'hub.port', key: 'settings.fault.tooLarge', params: { maximum: 65_535 } },
    ];
    expect(await engine.validateSettings(draft)).toEqual(faults);
    expect(await engine.saveSettings(draft)).toEqual(faults);
    expect((await valuesOf(engine)).name).toBe('hub');
  });

  test('keep what a screen does not see: sites, secrets, the installation', async () => {
    const { engine } = await hub();
    await engine.addSite('Lyon');
    const file = join(folder, 'hub', 'settings.json');
    const before = JSON.parse(await readFile(file, 'utf8')) as {
      hub: { sites: unknown };
      installation: string;
    };
    await engine.saveSettings({ ...(await draftOf(engine)), receptionLimit: 45 });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ ...before, receptionLimit: 45 });
    const told = JSON.stringify([
      await engine.settings(),
      await engine.information({}),
      await engine.sites(),
    ]);
    expect(told).not.toMatch(/scrypt|secretHash/);
  });

  test('are refused where a session counts on them, and taken where none does', async () => {
    const { engine } = await hub();
    await engine.prepare();
    await engine.addSite('Lyon');
    await engine.startSession();
    const busy = { code: 'session.running' };
    const { port } = await freeHubPorts();
    await expect(engine.saveSettings(await draftOf(engine, { port }))).rejects.toMatchObject(busy);
    for (const call of [engine.prepare(), engine.unprepare(), engine.retireSite(1)])
      await expect(call).rejects.toMatchObject(busy);
    expect(await engine.saveSettings({ ...(await draftOf(engine)), schedule: departingAt('21:00') })).toEqual(
      [],
    );
    await engine.stopSession();
  });

  test('that are broken on the disk are named, and nothing is written over them', async () => {
    mkdirSync(join(folder, 'lyon'));
    await writeFile(join(folder, 'lyon', 'settings.json'), '{"version": 1, "role": "cook"}');
    const { engine } = await started('lyon');
    const { values, faults, problem } = await engine.settings();
    expect([values, problem?.key]).toEqual([null, 'error.settings.invalid']);
    expect(faults.map(({ path }) => path)).toContain('role');
    expect((await engine.overview()).verdict).toMatchObject({ key: 'error.settings.invalid', level: 'bad' });
  });
});

describe('the password of the configuration', () => {
  /** The tarpit of a wrong password takes no time here; departures still wait. */
  const impatient: typeof parts.clock.delay = (milliseconds, signal) =>
    milliseconds <= 5_000 ? Promise.resolve() : parts.clock.delay(milliseconds, signal);

  test('keeps every change out until it is given', async () => {
    const { engine } = await hub({ clock: { ...parts.clock, delay: impatient } });
    await engine.setPassword('Élysée 7');
    expect((await engine.overview()).lock).toBe('unlocked');
    await engine.lock();
    expect((await engine.overview()).lock).toBe('locked');
    const draft = await draftOf(engine);
    const attempts: (() => Promise<unknown>)[] = [
      () => engine.saveSettings(draft),
      () => engine.initialise(answersOf('hub')),
      () => engine.prepare(),
      () => engine.unprepare(),
      () => engine.addSite('Lyon'),
      () => engine.renewSite(1),
      () => engine.renameSite(1, 'x'),
      () => engine.retireSite(1),
      () => engine.pair('x'),
      () => engine.setPassword(null),
    ];
    for (const attempt of attempts)
      await expect(attempt(), String(attempt)).rejects.toMatchObject({ code: 'settings.locked' });
    await expect(engine.unlock('elysee 7')).rejects.toMatchObject({ code: 'settings.wrongPassword' });
    await engine.unlock('Élysée 7');
    expect(await engine.saveSettings(draft)).toEqual([]);
    await engine.setPassword(null);
    await engine.lock();
    expect((await engine.overview()).lock).toBe('none');
  });

  test('is asked for again after a restart, and is nowhere in clear', async () => {
    const { engine } = await hub();
    await engine.setPassword('Élysée 7');
    await engine.shutdown();
    opened = [];
    const again = await started('hub');
    expect((await again.engine.overview()).lock).toBe('locked');
    expect(await readFile(join(folder, 'hub', 'settings.json'), 'utf8')).not.toContain('lys');
    expect((await valuesOf(again.engine)).password).toEqual({ set: true });
  });
});

describe('establishments', () => {
  test('are added, renamed, given another code, retired and brought back', async () => {
    const { engine, port } = await hub();
    const first = await engine.addSite(' Lyon ');
    expect(decodePairing(first.code)).toMatchObject({ host: '127.0.0.1', port, site: 1, name: 'Lyon' });
    await expect(engine.addSite('Lyon')).rejects.toMatchObject({ code: 'settings.siteExists' });
    await engine.renameSite(1, 'Lyon Centre');
    const second = await engine.renewSite(1);
    expect(decodePairing(second.code).secret).not.toBe(decodePairing(first.code).secret);
    await engine.retireSite(1);
    expect(await engine.sites()).toEqual([
      { number: 1, name: 'Lyon Centre', active: false, lastSeen: null, code: null },
    ]);
    expect((await engine.overview()).sites).toMatchObject([{ number: 1, state: 'retired' }]);
    await engine.addSite('Lyon Centre');
    await expect(engine.renewSite(1)).rejects.toMatchObject({ code: 'settings.siteExists' });
    await engine.renameSite(2, 'Lyon Sud');
    await engine.renewSite(1);
    expect((await engine.sites()).map(({ active }) => active)).toEqual([true, true]);
    await expect(engine.renameSite(9, 'x')).rejects.toMatchObject({ code: 'settings.siteUnknown' });
  });
});

describe('an establishment that is retired', () => {
  test('loses its open line at once, and logs in no more', async () => {
    const { engine, port } = await hub();
    const { user, secret } = decodePairing((await engine.addSite('Lyon')).code);
    const other = decodePairing((await engine.addSite('Metz')).code);
    const login = async (as: { user: string; secret: string }): Promise<[RawFtp, string]> => {
      const line = await RawFtp.open(port);
      await line.reply();
      await line.command('AUTH TLS');
      await line.startTls();
      await line.command(`USER ${as.user}`);
      return [line, (await line.command(`PASS ${as.secret}`)) ?? ''];
    };
    const [lyon, welcome] = await login({ user, secret });
    expect(welcome).toMatch(/^230/);
    const [metz] = await login(other);
    await engine.retireSite(1);
    expect(await lyon.reply()).toBeUndefined();
    expect(await metz.command('NOOP')).toMatch(/^200/);
    expect((await login({ user, secret }))[1]).toMatch(/^530/);
  });
});

describe('tables', () => {
  test('say what is synchronised and what is not, and are prepared by a call', async () => {
    const { engine } = await started('lyon');
    await engine.initialise(answersOf('lyon'));
    const before = await engine.tables();
    expect(before).toMatchObject({ prepared: 'no', tables: [{ name: 'member', key: ['id'], policy: null }] });
    expect(before.diagnostics).toEqual([
      { key: 'diagnostic.notPrepared', params: {}, level: 'error', table: null, remedy: 'prepare' },
      expect.objectContaining({ key: 'diagnostic.generatedKey.site', table: 'member', remedy: null }),
      expect.objectContaining({ key: 'diagnostic.excluded.noKey', table: 'trace', remedy: null }),
    ]);
    expect(await engine.prepare()).toMatchObject({ prepared: 'this', tables: [{ tracking: 'installed' }] });
    const draft = await draftOf(engine);
    await engine.saveSettings({
      ...draft,
      policies: { default: 'hub', tables: { member: 'site', ghost: 'hub' } },
    });
    const { tables, diagnostics } = await engine.tables();
    expect(tables[0]?.policy).toBe('site');
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ key: 'diagnostic.unknownPolicy', params: { table: 'ghost' } }),
    );
    expect(await engine.unprepare()).toMatchObject({ prepared: 'no', pending: 0 });
  });

  test('of another database are tried before it is chosen', async () => {
    const { engine } = await started('lyon');
    const path = join(folder, 'original.db');
    expect(await engine.testDatabase(path)).toEqual({
      address: `sqlite:${path}`,
      tables: 1,
      excluded: 1,
      prepared: 'no',
    });
    await engine.initialise(answersOf('lyon'));
    await engine.prepare();
    expect(await engine.testDatabase(join(folder, 'lyon.db'))).toMatchObject({ prepared: 'this' });
    const draft = await draftOf(engine);
    const wrong = engine.saveSettings({ ...draft, database: 'sqlite:/nowhere/x.db' });
    await expect(wrong).rejects.toMatchObject({ code: 'database.missing' });
    expect((await valuesOf(engine)).database).toBe(draft.database);
  });
});

test('information for support says a lot, and no secret', async () => {
  const { engine } = await hub();
  const { code } = await engine.addSite('Lyon');
  const { versions, licences, paths, support } = await engine.information({ nw: '0.87.0' });
  expect(versions).toMatchObject({ nw: '0.87.0', node: process.versions.node });
  expect(licences).toContainEqual({ name: 'zod', version: '4.6.7', licence: 'MIT' });
  expect(licences.map(({ name }) => name)).not.toContain('vitest');
  expect(paths).toMatchObject({ data: join(folder, 'hub'), database: `sqlite:${join(folder, 'hub.db')}` });
  expect(JSON.parse(support)).toMatchObject({ settings: { role: 'hub' }, state: { ftp: { active: true } } });
  expect(support).not.toContain(decodePairing(code).secret);
  expect(support).not.toContain('scrypt');
});

test('changes that are asked for at the same time are all kept', async () => {
  const { engine } = await hub();
  await Promise.all(['Lyon', 'Nord'].map((name) => engine.addSite(name)));
  const [lyon, nord] = await Promise.all([
    engine.renewSite(1),
    engine.renewSite(2),
    engine.renameSite(1, 'Lyon Centre'),
    engine.setPassword('word'),
    draftOf(engine).then((draft) => engine.saveSettings({ ...draft, receptionLimit: 45 })),
  ]);
  const settings = await loadSettings(join(folder, 'hub'));
  expect(settings.hub?.sites).toMatchObject([
    { number: 1, name: 'Lyon Centre', code: { hash: hashSecret(decodePairing(lyon.code).secret) } },
    { number: 2, name: 'Nord', code: { hash: hashSecret(decodePairing(nord.code).secret) } },
  ]);
  expect(settings.password).not.toBeNull();
  expect(settings.receptionLimit).toBe(45);
});
