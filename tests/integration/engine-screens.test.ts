import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { set } from '../../src/commands/setup';
import type { Overview, SiteOverview } from '../../src/engine/contract';
import { EngineCompany, type EngineCompanyOptions } from '../support/engines';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, photo BLOB, town TEXT);
  INSERT INTO member VALUES (1, 'Ann', NULL, 'Lyon'), (2, 'Bob', NULL, 'Nice');`;

let open: EngineCompany[] = [];
afterEach(async () => {
  for (const company of open) await company.close();
  open = [];
});

async function found(options: Partial<EngineCompanyOptions> = {}): Promise<EngineCompany> {
  const company = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon', 'paris'], ...options });
  open.push(company);
  return company;
}

const statesIn = ({ sites }: Overview): Record<string, SiteOverview['state']> =>
  Object.fromEntries(sites.map(({ name, state }) => [name, state]));

/** Lyon and Paris give the same member another name each; Paris, the later one, wins. */
async function dispute(company: EngineCompany): Promise<void> {
  company.at('lyon', `UPDATE member SET name = 'Anna', photo = x'0102' WHERE id = 1`);
  company.at('paris', `UPDATE member SET name = 'Anne' WHERE id = 1`);
  await company.synchronise();
}

describe('conflicts', () => {
  test('show both rows, what differs, who wrote them and what was decided', async () => {
    const company = await found();
    await dispute(company);
    const { engine } = await company.start('hub');
    const { entries, total, tables } = await engine.conflicts({ limit: 10 });
    expect([total, tables]).toEqual([1, ['member']]);
    const [entry] = entries;
    expect(entry).toMatchObject({ table: 'member', kind: 'update', rule: 'newest', restored: null });
    expect([entry?.winner.name, entry?.loser.name].sort()).toEqual(['lyon', 'paris']);
    expect(entry?.columns.map(({ name, isKey, differs }) => [name, isKey, differs])).toEqual([
      ['id', true, false],
      ['name', false, true],
      ['photo', false, expect.any(Boolean)],
      ['town', false, false],
    ]);
    expect(entry?.columns[1]).toMatchObject({
      winner: { type: 'text', text: expect.stringMatching(/^Ann[ae]$/) as string },
      loser: { type: 'text', text: expect.stringMatching(/^Ann[ae]$/) as string },
    });
    expect((await engine.conflicts({ limit: 10, text: 'zzz' })).total).toBe(0);
    expect((await engine.conflicts({ limit: 10, to: entry?.at ?? '' })).total).toBe(0);
    expect((await engine.conflicts({ limit: 10, from: entry?.at ?? '', kind: 'update' })).total).toBe(1);
  });

  test('a value that is put back reaches everyone with the next synchronisation', async () => {
    const company = await found();
    await dispute(company);
    const { engine, changes } = await company.start('hub');
    const [entry] = (await engine.conflicts({ limit: 1 })).entries;
    if (entry === undefined) throw new Error('there is a conflict');
    const lost = entry.columns[1]?.loser;
    await engine.restoreConflict(entry.id, 'loser');
    expect(changes).toContain('conflicts');
    const [after] = (await engine.conflicts({ limit: 1 })).entries;
    expect(after?.restored).toMatchObject({ which: 'loser' });
    expect(after?.restored?.by).not.toBe('');
    await company.stop('hub');
    await company.synchronise();
    const hub = company.contents('hub');
    expect(hub['member']?.[0]).toContain(lost?.type === 'text' ? lost.text : 'a text');
    for (const name of ['lyon', 'paris']) expect(company.contents(name)).toEqual(hub);
  });

  test('are not put back while a session runs, nor where nothing is prepared looked for', async () => {
    const company = await found();
    const { engine } = await company.start('hub');
    await engine.startSession();
    await expect(engine.restoreConflict(1, 'loser')).rejects.toMatchObject({ code: 'session.running' });
    await engine.stopSession();
    await company.stop('hub');
    const again = await company.start('hub');
    await expect(again.engine.restoreConflict(1, 'loser')).rejects.toMatchObject({
      code: 'conflict.missing',
    });
    await again.engine.unprepare();
    expect(await again.engine.conflicts({ limit: 1 })).toEqual({
      entries: [],
      total: 0,
      waiting: 0,
      tables: [],
    });
  });
});

describe('establishments in a session', () => {
  test('are expected, received, merged, up to date; and so its report says', async () => {
    const company = await found();
    company.at('lyon', `UPDATE member SET town = 'Bron' WHERE id = 1`);
    const hub = await company.start('hub');
    expect(statesIn(await hub.engine.overview())).toEqual({ lyon: 'expected', paris: 'expected' });
    const session = hub.engine.synchronise('manual');
    const received = hub.overview((overview) => statesIn(overview)['lyon'] === 'received');
    const lyon = company.session('lyon');
    expect(statesIn(await received)).toEqual({ lyon: 'received', paris: 'expected' });
    const merged = hub.overview((overview) => Object.values(statesIn(overview)).includes('merged'));
    const paris = company.session('paris');
    await merged;
    const [report] = await Promise.all([session, lyon, paris]);
    expect(report.sites).toMatchObject([
      {
        number: 1,
        name: 'lyon',
        state: 'upToDate',
        rows: 1,
        tables: [{ table: 'member', received: 1, conflicts: 0, refused: 0 }],
      },
      { number: 2, name: 'paris', state: 'upToDate', rows: 0, tables: [] },
    ]);
    const overview = await hub.engine.overview();
    expect(overview.sites).toMatchObject([
      { name: 'lyon', state: 'upToDate', results: [{ id: report.id, state: 'upToDate' }] },
      { name: 'paris', state: 'upToDate' },
    ]);
    expect(overview.sites[0]?.lastSuccess).toBe(report.endedAt);
  });

  test('one that sends nothing is absent, in the verdict too, and the warning leads to its line', async () => {
    const company = await found();
    company.advance(minutesToNoon());
    await company.synchronise();
    const hub = await company.start('hub');
    const session = hub.engine.synchronise('manual');
    const lyon = company.session('lyon');
    await hub.logged('session.hub.delivered');
    company.advance(61);
    const [report] = await Promise.all([session, lyon]);
    const overview = await hub.engine.overview();
    expect(statesIn(overview)).toEqual({ lyon: 'upToDate', paris: 'absent' });
    expect(overview.verdict).toMatchObject({ key: 'verdict.siteMissed', params: { site: 'paris' } });
    expect(overview.sites[1]?.results.map(({ state }) => state)).toEqual(['upToDate', 'absent']);
    const warning = report.steps.flatMap(({ messages }) => messages).find(({ level }) => level === 'warning');
    expect(warning).toMatchObject({ id: 'receiveBatches-2', about: { site: 2, table: null } });
  });

  test('an upload under way is told in bytes', async () => {
    const company = await found({ sites: ['lyon'] });
    company.at(
      'lyon',
      `WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
       INSERT INTO member SELECT i, 'x', randomblob(200000), NULL FROM n`,
    );
    const hub = await company.start('hub');
    const receiving = hub.overview(({ receptions }) => receptions.length > 0);
    const session = hub.engine.synchronise('manual');
    const lyon = company.session('lyon');
    const { receptions, sites } = await receiving;
    expect(receptions).toMatchObject([{ site: 1, name: 'lyon', file: '000001.batch' }]);
    expect(receptions[0]?.bytes).toBeGreaterThan(0);
    expect(sites[0]?.state).toBe('receiving');
    const [report] = await Promise.all([session, lyon]);
    expect((await hub.engine.overview()).receptions).toEqual([]);
    const [line] = (await hub.engine.history({ limit: 1 })).lines;
    expect(line).toMatchObject({ received: 31, state: 'ok', warnings: 0 });
    expect(line?.bytesReceived).toBe(report.sites[0]?.bytes);
    expect(line?.bytesReceived).toBeGreaterThan(6_000_000);
  });
});

describe('a session that waits', () => {
  test('says until when, what a stop would do, and by RAZ until when then', async () => {
    const company = await found();
    company.advance(minutesToNoon());
    const hub = await company.start('hub');
    expect(await hub.engine.overview()).toMatchObject({ deadline: null, stopEffect: null, stopping: false });
    expect(await hub.engine.resetTimers()).toBeNull();
    const waiting = hub.overview(({ progress }) => progress?.step === 'receiveBatches');
    const session = hub.engine.synchronise('manual');
    const { deadline, stopEffect, verdict } = await waiting;
    expect(stopEffect).toEqual({ key: 'stop.receiveBatches', params: {} });
    expect(verdict).toMatchObject({ key: 'verdict.running', level: 'busy' });
    company.advance(30);
    const prolonged = Date.parse((await hub.engine.resetTimers()) ?? '');
    expect(prolonged - Date.parse(deadline ?? '')).toBeGreaterThanOrEqual(30 * 60_000);
    expect((await hub.engine.overview()).deadline).toBe(new Date(prolonged).toISOString());
    const stopping = hub.overview((overview) => overview.stopping);
    await hub.engine.stopSession();
    expect((await stopping).verdict.key).toBe('verdict.stopping');
    expect((await session).state).toBe('stopped');
    const { verdict: after, last, deadline: none } = await hub.engine.overview();
    expect([after.key, last?.state, none]).toEqual(['verdict.stopped.today', 'stopped', null]);
  });
});

describe('past sessions', () => {
  test('are found by text, period and state, page by page, and go into a file', async () => {
    const company = await found();
    await company.synchronise();
    company.at('hub', `UPDATE member SET town = 'Brest' WHERE id = 2`);
    await company.synchronise();
    const { engine } = await company.start('hub');
    const all = await engine.history({ limit: 10 });
    expect(all.total).toBe(2);
    expect((await engine.history({ limit: 1, offset: 1 })).lines).toEqual([all.lines[1]]);
    expect((await engine.history({ limit: 10, text: 'MEMBER' })).lines).toEqual([all.lines[0]]);
    expect((await engine.history({ limit: 10, states: ['failed'] })).total).toBe(0);
    const { startedAt = '' } = all.lines[0] ?? {};
    expect((await engine.history({ limit: 10, to: startedAt })).lines).toEqual([all.lines[1]]);
    const words = {
      headings: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'],
      states: { running: '', ok: 'OK', warnings: '', partial: '', idle: '', stopped: '', failed: '' },
      triggers: { schedule: '', manual: 'à la main', request: '' },
    } as const;
    const csv = await engine.exportHistory({ limit: 10 }, words);
    expect(csv.split('\r\n')).toHaveLength(4);
    expect(csv).toMatch(/^\uFEFFa;b;c;.*\r\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d;.*;OK;à la main;1;0;/);
  });
});

test('a hub whose port is taken says so, and no more once its server could start', async () => {
  const company = await found({ sites: ['lyon'] });
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, () => {
      const address = holder.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await company.command('hub', (context) => set(context, 'hub.port', String(port)));
  const { engine } = await company.start('hub');
  await engine.serve();
  const { verdict, problems } = await engine.overview();
  expect(verdict).toMatchObject({ key: 'verdict.ftpInactive', level: 'bad' });
  expect(problems.map(({ key }) => key)).toEqual(['error.ftp.portTaken']);
  await new Promise((resolve) => holder.close(resolve));
  const ftp = (await engine.test()).find(({ name }) => name === 'ftp');
  expect(ftp?.state).toBe('ok');
  expect(await engine.overview()).toMatchObject({ problems: [], verdict: { key: 'verdict.never' } });
});

/** From now to noon of tomorrow: what passes then does not pass midnight, after which verdicts have other words. */
function minutesToNoon(): number {
  const now = new Date();
  const noon = new Date(now);
  noon.setHours(36, 0, 0, 0);
  return Math.round((noon.getTime() - now.getTime()) / 60_000);
}
