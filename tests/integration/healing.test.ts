/** A disk spoils batches and segments at rest: all end alike, and nobody has to do anything. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { dataFolder } from '../../src/config/data-folder';
import { parts } from '../../src/main';
import type { Report } from '../../src/report/report';
import { DAY } from '../../src/session/tidy';
import { SyncError, type MessageParams } from '../../src/shared/errors';
import { EngineCompany } from '../support/engines';
import { instead } from '../support/instead';
import { Nightly } from '../support/nightly';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, note TEXT);
  INSERT INTO member VALUES (1, 'Ann', ''), (2, 'Bob', ''), (3, 'Cat', '');`;
const COLUMNS = ['id', 'name', 'note'];
const KEPT = 30;

let open: Nightly | null = null;
afterEach(() => {
  open?.close();
  open = null;
});

async function found(): Promise<Nightly> {
  open = new Nightly({
    schema: SCHEMA,
    retention: { changes: KEPT * DAY, conflicts: 1100 * DAY, reportDays: 400 },
  });
  for (const place of [0, 1, 2]) await open.add(place);
  return open;
}

const outboxFile = (nightly: Nightly, name: string): string => join(nightly.paths(1).outbox, name);
const hubFile = (nightly: Nightly, name: string): string =>
  join(nightly.paths(0).sites, '1', 'batches', name);

/** One bit in the middle turns. */
function spoil(file: string): void {
  const data = readFileSync(file);
  const at = Math.floor(data.length / 2);
  data.writeUInt8((data[at] ?? 0) ^ 1, at);
  writeFileSync(file, data);
}

const messagesOf = (report: Report | undefined): (readonly [string, MessageParams])[] =>
  (report?.steps ?? []).flatMap(({ messages }) => messages.map(({ key, params }) => [key, params] as const));

const keysOf = (report: Report | undefined): string[] => messagesOf(report).map(([key]) => key);

function expectAlike(nightly: Nightly): void {
  const hub = nightly.rows(0, 'member', COLUMNS);
  for (const site of [1, 2]) expect(nightly.rows(site, 'member', COLUMNS), String(site)).toEqual(hub);
}

/** A site's session here comes before the hub's: what the hub publishes tonight arrives tomorrow. */
async function expectWellAfterTwoNights(nightly: Nightly): Promise<void> {
  for (let night = 0; night < 2; night += 1) {
    for (const [place, report] of await nightly.night()) expect(report.error, String(place)).toBeNull();
  }
  const quiet = await nightly.night();
  expect(quiet.get(0)?.tables).toEqual([]);
  expect(keysOf(quiet.get(0))).not.toContain('session.hub.unreadable');
  expect(quiet.get(1)?.tables).toEqual([]);
  expectAlike(nightly);
}

/** A night that brings a batch into the outbox of site 1, which never gets away. */
async function nightWithoutLine(nightly: Nightly): Promise<void> {
  nightly.links.set(1, (link) =>
    instead(link, 'sendBatch', () => () => Promise.reject(new SyncError('hub.lineCut', { retryable: true }))),
  );
  await nightly.sessions([1], 1);
  nightly.links.clear();
}

describe('a batch that is spoilt at its site before it is sent', () => {
  test('is captured anew under the same number, and put aside', async () => {
    const nightly = await found();
    nightly.at(1, `UPDATE member SET note = 'first' WHERE id = 2`, `DELETE FROM member WHERE id = 3`);
    await nightWithoutLine(nightly);
    spoil(outboxFile(nightly, '000001.batch'));
    nightly.at(
      1,
      `UPDATE member SET note = 'second' WHERE id = 2`,
      `INSERT INTO member VALUES (9, 'New', '')`,
    );
    const reports = await nightly.night();
    expect(messagesOf(reports.get(1))).toContainEqual([
      'session.site.batchDamaged',
      { batch: 1, file: '000001.aside' },
    ]);
    expect(reports.get(1)?.state).not.toBe('failed');
    expect(keysOf(reports.get(0))).toContain('session.hub.merged');
    expect(readdirSync(nightly.paths(1).outbox).sort()).toEqual(['000001.aside', '000001.batch']);
    expect(nightly.rows(0, 'member', COLUMNS)).toEqual([`1 'Ann' ''`, `2 'Bob' 'second'`, `9 'New' ''`]);
    await expectWellAfterTwoNights(nightly);
  });

  test('goes with those behind it, which would undo what is captured anew', async () => {
    const nightly = await found();
    for (const note of ['first', 'second', 'third']) {
      nightly.at(1, `UPDATE member SET note = '${note}' WHERE id = 2`);
      await nightWithoutLine(nightly);
    }
    truncateSync(outboxFile(nightly, '000002.batch'), 40);
    nightly.at(1, `UPDATE member SET note = 'fourth' WHERE id = 2`);
    const reports = await nightly.night();
    expect(keysOf(reports.get(1))).toContain('session.site.batchDamaged');
    expect(readdirSync(nightly.paths(1).outbox).sort()).toEqual([
      '000001.batch',
      '000002.aside',
      '000002.batch',
      '000003.aside',
    ]);
    expect(nightly.rows(0, 'member', COLUMNS)).toContain(`2 'Bob' 'fourth'`);
    await expectWellAfterTwoNights(nightly);
  });

  test('a power cut at any step of the way back is made good', async () => {
    for (let cut = 1; cut <= 2; cut += 1) {
      const nightly = await found();
      for (const note of ['first', 'second']) {
        nightly.at(1, `UPDATE member SET note = '${note}' WHERE id = 2`);
        await nightWithoutLine(nightly);
      }
      spoil(outboxFile(nightly, '000001.batch'));
      let releases = 0;
      nightly.replaced.set(1, (database) =>
        instead(database, 'release', (own) => async (number) => {
          releases += 1;
          if (releases === cut) throw new SyncError('test.powerCut');
          await own.release(number);
        }),
      );
      expect((await nightly.sessions([1], 1)).get(1)?.error?.code).toBe('test.powerCut');
      expect(releases).toBe(cut);
      nightly.replaced.clear();
      await expectWellAfterTwoNights(nightly);
      expect(nightly.rows(0, 'member', COLUMNS)).toContain(`2 'Bob' 'second'`);
      nightly.close();
    }
    open = null;
  });

  test('what was put aside goes with the retention', async () => {
    const nightly = await found();
    nightly.at(1, `UPDATE member SET note = 'first' WHERE id = 2`);
    await nightWithoutLine(nightly);
    spoil(outboxFile(nightly, '000001.batch'));
    await nightly.night();
    spoil(outboxFile(nightly, '000001.batch'));
    for (let night = 0; night < 3; night += 1) await nightly.night();
    expect(existsSync(outboxFile(nightly, '000001.aside'))).toBe(true);
    for (let night = 0; night < 3; night += 1) await nightly.night([1, 2], KEPT);
    expect(existsSync(outboxFile(nightly, '000001.aside'))).toBe(false);
  });
});

describe('a batch that is spoilt at the hub before it is merged', () => {
  test('is sent again by its site', async () => {
    const nightly = await found();
    nightly.at(1, `UPDATE member SET note = 'first' WHERE id = 2`);
    await nightly.sessions([1, 2], 1);
    spoil(hubFile(nightly, '000001.batch'));
    const reports = await nightly.sessions([0]);
    expect(messagesOf(reports.get(0))).toContainEqual([
      'session.hub.unreadable',
      { site: 'site 1', batch: 1, file: '000001.aside' },
    ]);
    expect(reports.get(0)?.state).toBe('partial');
    nightly.at(1, `UPDATE member SET note = 'second' WHERE id = 2`);
    await expectWellAfterTwoNights(nightly);
    expect(nightly.rows(2, 'member', COLUMNS)).toContain(`2 'Bob' 'second'`);
    expect(existsSync(hubFile(nightly, '000001.aside'))).toBe(true);
    for (let night = 0; night < 3; night += 1) await nightly.night([1, 2], KEPT);
    expect(existsSync(hubFile(nightly, '000001.aside'))).toBe(false);
  });

  test('takes those behind it along: none is merged before it', async () => {
    const nightly = await found();
    for (const note of ['first', 'second']) {
      nightly.at(1, `UPDATE member SET note = '${note}' WHERE id = 2`);
      await nightWithoutLine(nightly);
    }
    await nightly.sessions([1, 2], 1);
    spoil(hubFile(nightly, '000001.batch'));
    const reports = await nightly.sessions([0]);
    const merged = messagesOf(reports.get(0)).filter(([key]) => key === 'session.hub.merged');
    expect(merged.map(([, params]) => params['site'])).toEqual(['site 2']);
    expect(nightly.rows(0, 'member', COLUMNS)).toContain(`2 'Bob' ''`);
    expect(readdirSync(hubFile(nightly, '.')).sort()).toEqual(['000001.aside', '000002.aside']);
    await expectWellAfterTwoNights(nightly);
    expect(nightly.rows(2, 'member', COLUMNS)).toContain(`2 'Bob' 'second'`);
  });

  test('and at its site too: is captured anew, with the one behind it', async () => {
    const nightly = await found();
    for (const note of ['first', 'second']) {
      nightly.at(1, `UPDATE member SET note = '${note}' WHERE id = 2`);
      await nightWithoutLine(nightly);
    }
    await nightly.sessions([1, 2], 1);
    spoil(hubFile(nightly, '000001.batch'));
    spoil(outboxFile(nightly, '000001.batch'));
    await nightly.sessions([0]);
    nightly.at(1, `UPDATE member SET note = 'third' WHERE id = 2`);
    const reports = await nightly.night();
    expect(keysOf(reports.get(1))).toContain('session.site.batchDamaged');
    expect(nightly.rows(0, 'member', COLUMNS)).toContain(`2 'Bob' 'third'`);
    await expectWellAfterTwoNights(nightly);
  });

  test('a batch that is there without the one before waits for nobody: both are sent again', async () => {
    const nightly = await found();
    for (const note of ['first', 'second']) {
      nightly.at(1, `UPDATE member SET note = '${note}' WHERE id = 2`);
      await nightWithoutLine(nightly);
    }
    await nightly.sessions([1, 2], 1);
    spoil(outboxFile(nightly, '000001.batch'));
    rmSync(hubFile(nightly, '000001.batch'));
    const waits = await nightly.night();
    expect(keysOf(waits.get(1))).toContain('session.site.recaptureLater');
    expect(keysOf(waits.get(0))).toContain('session.hub.batchMissing');
    nightly.at(1, `UPDATE member SET note = 'third' WHERE id = 2`);
    await expectWellAfterTwoNights(nightly);
    expect(nightly.rows(2, 'member', COLUMNS)).toContain(`2 'Bob' 'third'`);
  });
});

test('a batch that lies under the name of another site or of another number is not merged, and told', async () => {
  const nightly = await found();
  nightly.at(2, `UPDATE member SET note = 'second' WHERE id = 2`);
  await nightly.sessions([1, 2], 1);
  const other = join(nightly.paths(0).sites, '2', 'batches', '000001.batch');
  copyFileSync(other, hubFile(nightly, '000001.batch'));
  copyFileSync(other, other.replace('000001', '000002'));
  const report = (await nightly.sessions([0])).get(0);
  const of = (wanted: string): MessageParams[] =>
    messagesOf(report).flatMap(([key, params]) => (key === wanted ? [params] : []));
  expect(of('session.hub.merged')).toEqual([{ site: 'site 2', batch: 1, rows: 1 }]);
  expect(of('session.hub.batchForeign')).toEqual([
    { site: 'site 1', batch: 1 },
    { site: 'site 2', batch: 2 },
  ]);
  expect(report?.state).toBe('partial');
});

test('batches that went with the data folder are captured anew, with those behind them', async () => {
  const nightly = await found();
  for (const note of ['first', 'second', 'third']) {
    nightly.at(1, `UPDATE member SET note = '${note}' WHERE id = 2`, `DELETE FROM member WHERE id = 3`);
    await nightWithoutLine(nightly);
  }
  for (const gone of ['000001', '000002']) rmSync(outboxFile(nightly, `${gone}.batch`));
  const reports = await nightly.night();
  expect(messagesOf(reports.get(1))).toContainEqual(['session.site.batchesLost', { batch: 1, last: 3 }]);
  expect(readdirSync(nightly.paths(1).outbox).sort()).toEqual(['000001.batch', '000003.aside']);
  expect(nightly.rows(0, 'member', COLUMNS)).toEqual([`1 'Ann' ''`, `2 'Bob' 'third'`]);
  await expectWellAfterTwoNights(nightly);
});

describe('a published segment that is spoilt at the hub', () => {
  test('fails the site with what is to be done, after a few tries, and is taken once it is put right', async () => {
    const nightly = await found();
    nightly.at(1, `UPDATE member SET note = 'first' WHERE id = 2`);
    await nightly.night();
    const segment = join(nightly.paths(0).rounds, '000001', 'origin-001.segment');
    const whole = readFileSync(segment);
    spoil(segment);
    nightly.patience = 60_000;
    const report = (await nightly.sessions([2], 1)).get(2);
    nightly.patience = 0;
    expect(report?.error).toEqual({
      code: 'hub.segmentDamaged',
      params: { round: 1, file: 'origin-001.segment' },
    });
    // Twice before it sends, and twice where it receives.
    expect(keysOf(report).filter((key) => key === 'session.retry')).toHaveLength(4);
    writeFileSync(segment, whole);
    await expectWellAfterTwoNights(nightly);
  });
});

test('between real engines, over FTP', async () => {
  const company = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon', 'paris'] });
  try {
    company.at('lyon', `UPDATE member SET note = 'from Lyon' WHERE id = 1`);
    company.at('paris', `UPDATE member SET note = 'from Paris' WHERE id = 2`);
    company.changeParts('paris', {
      createLink: (options) =>
        instead(
          parts.createLink(options),
          'sendBatch',
          () => () => Promise.reject(new SyncError('disk.full')),
        ),
    });
    const hub = await company.start('hub');
    const first = hub.engine.synchronise('manual');
    expect((await company.session('paris')).error?.code).toBe('disk.full');
    const lyon = company.session('lyon');
    await hub.logged('session.hub.delivered');
    company.advance(61);
    expect([(await first).state, (await lyon).state]).toEqual(['partial', 'ok']);
    company.changeParts('paris', {});

    const segment = join(dataFolder(company.post('hub').data).rounds, '000001', 'origin-001.segment');
    const whole = readFileSync(segment);
    spoil(segment);
    spoil(join(dataFolder(company.post('paris').data).outbox, '000001.batch'));
    const second = hub.engine.synchronise('manual');
    const sites = await company.synchronise(['lyon', 'paris']);
    company.advance(61);
    expect(keysOf(await second)).not.toContain('session.hub.unreadable');
    expect(keysOf(sites['paris'])).toContain('session.site.batchDamaged');
    expect(sites['paris']?.error?.code).toBe('hub.segmentDamaged');
    expect(company.contents('lyon')).toEqual(company.contents('hub'));
    await company.stop('hub');

    writeFileSync(segment, whole);
    const third = await company.synchronise();
    expect(Object.values(third).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
    const contents = company.contents('hub');
    expect(contents['member']).toEqual([`1 'Ann' 'from Lyon'`, `2 'Bob' 'from Paris'`, `3 'Cat' ''`]);
    for (const name of ['lyon', 'paris']) expect(company.contents(name), name).toEqual(contents);
  } finally {
    await company.close();
  }
});
