/** Nights go by on a clock of the test's own: what is kept is bounded, and nobody misses what is not kept. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Header } from '../../src/batch/header';
import { writeBatch } from '../../src/capture/write-batch';
import type { Database } from '../../src/database/port';
import { schemasOf } from '../../src/merge/schema-differences';
import type { Report } from '../../src/report/report';
import { DAY } from '../../src/session/tidy';
import { SyncError, type MessageParams } from '../../src/shared/errors';
import { batchFile } from '../../src/transport/batch-files';
import { inboxFolder } from '../../src/transport/names';
import { Nightly } from '../support/nightly';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, note TEXT);
  INSERT INTO member VALUES (1, 'Ann', ''), (2, 'Bob', ''), (3, 'Cat', '');`;
const COLUMNS = ['id', 'name', 'note'];
const KEPT = 30;
/** From one night to the next: a year takes no four hundred sessions then. */
const STEP = 5;
/** Nights within the retention, and those that a site is behind the hub. */
const MOST = KEPT / STEP + 4;

let open: Nightly | null = null;
afterEach(() => {
  open?.close();
  open = null;
});

async function found(
  sites: readonly number[],
  { conflictDays = 1100, reportDays = 400 } = {},
): Promise<Nightly> {
  const retention = { changes: KEPT * DAY, conflicts: conflictDays * DAY, reportDays };
  open = new Nightly({ schema: SCHEMA, retention });
  for (const place of [0, ...sites]) await open.add(place);
  return open;
}

/** An older program sends before it looks for the rounds that it has missed. */
async function sendBlindly(nightly: Nightly, site: number): Promise<void> {
  const database = await nightly.database(site);
  const state = await database.state();
  const { tables } = await database.catalogue();
  const number = (state?.lastMarked ?? 0) + 1;
  const header: Header = {
    format: 1,
    application: 'older',
    kind: 'batch',
    origin: site,
    number,
    base: state?.position ?? 0,
    ...schemasOf(tables),
    clockOffset: 0,
  };
  await writeBatch(
    database,
    batchFile(inboxFolder(nightly.paths(0).sites, site, 'batches'), number),
    header,
    {
      tables: tables.map(({ name }) => name),
      signal: new AbortController().signal,
      onChanges: () => undefined,
    },
  );
  await database.close();
}

/** Every place writes something: the hub its own row, each site its own. */
function work(nightly: Nightly, day: number, places: readonly number[]): void {
  for (const place of places)
    nightly.at(place, `UPDATE member SET note = 'n${String(day)}' WHERE id = ${String(place + 1)}`);
}

/** Some nights with work by day. Reports of the hub. */
async function nights(
  nightly: Nightly,
  count: number,
  sites: readonly number[],
  daysLater = STEP,
): Promise<Report[]> {
  const hub: Report[] = [];
  for (let day = 1; day <= count; day += 1) {
    work(nightly, day, [0, ...sites]);
    const reports = await nightly.night(sites, daysLater);
    for (const site of sites) expect(reports.get(site)?.error ?? null).toBeNull();
    const report = reports.get(0);
    if (report !== undefined) hub.push(report);
  }
  return hub;
}

const inHub = (nightly: Nightly, ...folder: string[]): string[] =>
  readdirSync(join(nightly.paths(0).folder, ...folder)).sort();

const logLines = (nightly: Nightly, place: number): number =>
  nightly.rows(place, 'sync$log$member', ['seq']).length;

const messagesOf = ({ steps }: Report): (readonly [string, MessageParams])[] =>
  steps.flatMap(({ messages }) => messages.map(({ key, params }) => [key, params] as const));

function expectAlike(nightly: Nightly, sites: readonly number[]): void {
  const hub = nightly.rows(0, 'member', COLUMNS);
  for (const site of sites) expect(nightly.rows(site, 'member', COLUMNS), String(site)).toEqual(hub);
}

describe('years of nights', () => {
  test('leave no more files and lines than the retention holds', async () => {
    const nightly = await found([1], { conflictDays: 100, reportDays: 60 * STEP });
    for (let day = 1; day <= 80; day += 1) {
      work(nightly, day, [0, 1]);
      if (day % 5 === 0) {
        nightly.at(0, `UPDATE member SET name = 'h${String(day)}' WHERE id = 3`);
        nightly.at(1, `UPDATE member SET name = 's${String(day)}' WHERE id = 3`);
      }
      const reports = await nightly.night([1], STEP);
      expect(reports.get(0)?.error).toBeNull();
      expect(reports.get(1)?.error).toBeNull();
    }
    for (let quiet = 0; quiet < 2; quiet += 1) await nightly.night();
    expectAlike(nightly, [1]);
    const { outbox, reports } = nightly.paths(1);
    const folders = [
      inHub(nightly, 'rounds'),
      inHub(nightly, 'sites', '1', 'batches'),
      inHub(nightly, 'sites', '1', 'acks'),
      readdirSync(outbox),
    ];
    for (const names of folders) {
      expect(names.length).toBeGreaterThanOrEqual(KEPT / STEP);
      expect(names.length).toBeLessThanOrEqual(MOST);
    }
    for (const folder of [reports, nightly.paths(0).reports]) {
      const { length } = readdirSync(folder);
      expect([length > 55, length < 64]).toEqual([true, true]);
    }
    for (const place of [0, 1]) expect(logLines(nightly, place)).toBeLessThan(4 * MOST);
    const hub = await nightly.database(0);
    const [ledger, conflicts] = [await hub.ledger(), await hub.countConflicts({})];
    await hub.close();
    expect(ledger.length).toBeLessThanOrEqual(MOST);
    expect([conflicts > 2, conflicts < 9]).toEqual([true, true]);
  }, 120_000);
});

describe('a site that is away', () => {
  test('is told of, keeps what it needs, and is alike when it comes back', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 5, [1, 2]);
    nightly.at(2, `UPDATE member SET name = 'of the absent' WHERE id = 3`);
    const reports = await nights(nightly, 12, [1]);
    const told = reports.map((report) =>
      messagesOf(report).find(([key]) => key === 'session.hub.siteAbsent'),
    );
    const days = told.map((message) => message?.[1]['days'] ?? null);
    expect(days).toEqual([null, null, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
    expect(inHub(nightly, 'rounds').length).toBeGreaterThan(12);
    await nights(nightly, 3, [1, 2]);
    for (let quiet = 0; quiet < 2; quiet += 1) await nightly.night();
    expectAlike(nightly, [1, 2]);
    expect(nightly.rows(0, 'member', ['name'])).toContain(`'of the absent'`);
    await nights(nightly, 9, [1, 2]);
    expect(inHub(nightly, 'rounds').length).toBeLessThanOrEqual(MOST);
  }, 60_000);

  test('and brings an old change: whoever has not seen it meets it, and neither value is lost', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 3, [1, 2]);
    nightly.at(2, `UPDATE member SET name = 'of the absent' WHERE id = 3`);
    await nights(nightly, 9, [1]);
    // Its change goes out as a round tonight; site 1 changes the same row before it has received that.
    await nightly.night([1, 2]);
    nightly.at(1, `UPDATE member SET name = 'of site 1' WHERE id = 3`);
    for (let night = 0; night < 4; night += 1) await nightly.night([1, 2]);
    expectAlike(nightly, [1, 2]);
    const hub = await nightly.database(0);
    const kept = JSON.stringify(
      (await hub.conflicts(9)).map(({ winningRow, losingRow }) => [winningRow, losingRow]),
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
    await hub.close();
    expect(kept).toContain('of the absent');
    expect(kept).toContain('of site 1');
  }, 60_000);

  test('and never was there: everything waits for it', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 10, [1]);
    expect(inHub(nightly, 'rounds')[0]).toBe('000001');
    for (let night = 0; night < 3; night += 1) await nightly.night([1, 2]);
    expectAlike(nightly, [1, 2]);
  }, 60_000);

  test('once a table of it differs, is still owed the changes of that table', async () => {
    const nightly = await found([1]);
    nightly.at(1, 'ALTER TABLE member ADD COLUMN extra TEXT');
    await nights(nightly, 15, [1]);
    expect(inHub(nightly, 'rounds').length).toBeLessThanOrEqual(MOST);
    expect(logLines(nightly, 0)).toBe(15);
    nightly.at(0, 'ALTER TABLE member ADD COLUMN extra TEXT');
    for (let night = 0; night < 4; night += 1) await nightly.night();
    expectAlike(nightly, [1]);
  }, 60_000);
});

describe('a retired site', () => {
  test('frees what was kept for it, once what it had sent is merged', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 5, [1, 2]);
    nightly.at(2, `UPDATE member SET name = 'last word' WHERE id = 3`);
    // Its batch reaches the hub, whose session is held without it.
    nightly.replaced.set(0, (database) => failing(database, 'catalogue'));
    await nightly.night([2]);
    nightly.replaced.clear();
    nightly.retire(2);
    await nights(nightly, 15, [1]);
    for (let quiet = 0; quiet < 2; quiet += 1) await nightly.night();
    expect(nightly.rows(0, 'member', ['name'])).toContain(`'last word'`);
    expect(inHub(nightly, 'rounds').length).toBeLessThanOrEqual(MOST);
    expectAlike(nightly, [1]);
  }, 60_000);

  test('that comes back in time goes on; too late, it is told before anything moves', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 5, [1, 2]);
    nightly.retire(2);
    await nights(nightly, 4, [1]);
    nightly.renew(2);
    for (let night = 0; night < 3; night += 1) await nightly.night();
    expectAlike(nightly, [1, 2]);
    nightly.retire(2);
    nightly.at(2, `UPDATE member SET name = 'unsent' WHERE id = 3`);
    const before = nightly.rows(2, 'member', COLUMNS);
    await nights(nightly, 10, [1]);
    nightly.renew(2);
    const back = (await nightly.night()).get(2);
    expect(back?.error?.code).toBe('session.roundPruned');
    expect(back?.steps.map(({ state }) => state).slice(0, 2)).toEqual(['failed', 'pending']);
    expect(nightly.rows(2, 'member', COLUMNS)).toEqual(before);
    const site = await nightly.database(2);
    expect(await site.pending()).toBe(1);
    await site.close();
  }, 60_000);

  test('whose program is older cannot overwrite what it has not seen', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 3, [1, 2]);
    nightly.retire(2);
    nightly.at(2, `UPDATE member SET note = 'blind' WHERE id = 1`);
    await nights(nightly, 10, [1]);
    nightly.renew(2);
    nightly.tellsFirstRound = false;
    const { error } = (await nightly.night()).get(2) ?? {};
    expect(error?.code).toBe('hub.roundMissing');
    await sendBlindly(nightly, 2);
    const hub = (await nightly.night([1])).get(0);
    expect(hub === undefined ? [] : messagesOf(hub)).toContainEqual([
      'session.hub.batchTooOld',
      { site: 'site 2', batch: 4 },
    ]);
    expect(nightly.rows(0, 'member', ['note'])).not.toContain(`'blind'`);
  }, 60_000);

  test('is replaced by a new one made from a copy of the hub', async () => {
    const nightly = await found([1, 2]);
    await nights(nightly, 3, [1, 2]);
    nightly.retire(2);
    await nights(nightly, 10, [1]);
    await nightly.add(3, 0);
    await nights(nightly, 3, [1, 3]);
    await nightly.night();
    await nightly.night();
    expectAlike(nightly, [1, 3]);
  }, 60_000);
});

test('what hinders the tidying is a warning in the report, at the hub and at a site', async () => {
  const nightly = await found([1]);
  await nights(nightly, 2, [1]);
  for (const place of [0, 1]) nightly.replaced.set(place, (database) => failing(database, 'purge'));
  work(nightly, 9, [0, 1]);
  const reports = await nightly.night();
  for (const place of [0, 1]) {
    const report = reports.get(place);
    expect(report?.error).toBeNull();
    expect(report === undefined ? [] : messagesOf(report)).toContainEqual([
      'session.tidyFailed',
      { reason: 'database.busy' },
    ]);
  }
});

/** The database, one of whose calls fails. */
function failing(database: Database, name: 'purge' | 'catalogue'): Database {
  return new Proxy(database, {
    get: (target, member) => {
      if (member === name) return () => Promise.reject(new SyncError('database.busy'));
      const own: unknown = Reflect.get(target, member, target);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}
