/** What a stolen site can put into a batch: it is told, its values are values, and the others are synchronised. */
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Block, Change, Value } from '../../src/batch/block';
import { HEADER, PREAMBLE, encodeFrame } from '../../src/batch/frame';
import type { Header } from '../../src/batch/header';
import { createBatchWriter } from '../../src/batch/writer';
import type { Report } from '../../src/report/report';
import type { MessageParams } from '../../src/shared/errors';
import { DAY } from '../../src/session/tidy';
import { quoted } from '../support/business';
import { Nightly } from '../support/nightly';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, note TEXT);
  INSERT INTO member VALUES (1, 'Ann', ''), (2, 'Bob', '');`;
const COLUMNS = ['id', 'name', 'note'];

let nightly: Nightly;
let fingerprints: Record<string, string>;
beforeEach(async () => {
  nightly = new Nightly({
    schema: SCHEMA,
    retention: { changes: 30 * DAY, conflicts: 1100 * DAY, reportDays: 400 },
  });
  for (const place of [0, 1, 2]) await nightly.add(place);
  await nightly.night();
  const hub = await nightly.database(0);
  const { tables } = await hub.catalogue();
  await hub.close();
  fingerprints = Object.fromEntries(tables.map(({ name, fingerprint }) => [name, fingerprint]));
});
afterEach(() => nightly.close());

const hubFolder = (site: number): string => join(nightly.paths(0).sites, String(site), 'batches');

const headerOf = (changes: Partial<Header> = {}): Header => ({
  ...{ format: 1, application: 'forged', kind: 'batch', origin: 1, number: 2, base: 1 },
  ...{ fingerprints, clockOffset: 0 },
  ...changes,
});

const change = (...values: Value[]): Change => ({
  ...{ op: 'I', marks: '1'.repeat(values.length), changedAt: Date.UTC(2026, 0, 1), base: null },
  values,
});

const member = (changes: readonly Change[], more: Partial<Block> = {}): Block => ({
  ...{ table: 'member', columns: COLUMNS, keyCount: 1, changes },
  ...more,
});

/** Lies at the hub as the next batch of site 1, as if its account had uploaded it. */
async function leave(header: Header, blocks: readonly Block[]): Promise<void> {
  mkdirSync(hubFolder(1), { recursive: true });
  const writer = createBatchWriter(join(hubFolder(1), '000002.batch'), header);
  for (const block of blocks) await writer.write(block);
  await writer.finish();
}

/** As `leave`, of these frames. */
async function forge(...frames: [kind: number, content: string | Buffer][]): Promise<void> {
  mkdirSync(hubFolder(1), { recursive: true });
  const parts = await Promise.all(frames.map(([kind, content]) => encodeFrame(kind, Buffer.from(content))));
  writeFileSync(join(hubFolder(1), '000002.batch'), Buffer.concat([PREAMBLE, ...parts]));
}

/** A night of the hub and of site 2, which has something to send. */
async function night(): Promise<Report> {
  nightly.at(2, `INSERT OR REPLACE INTO member VALUES (20, 'Guest', 'of site 2')`);
  const reports = await nightly.sessions([2, 0], 1);
  const report = reports.get(0);
  if (report === undefined) throw new Error('no report');
  return report;
}

const messagesOf = ({ steps }: Report): (readonly [string, MessageParams])[] =>
  steps.flatMap(({ messages }) => messages.map(({ key, params }) => [key, params] as const));

/** The batch of site 1 is told as this; that of site 2 is merged, and nothing of the other is. */
function expectRefused(report: Report, key: string, params: MessageParams = {}): void {
  expect(report.error).toBeNull();
  expect(report.state).toBe('partial');
  const expected: unknown = expect.objectContaining({ site: 'site 1', batch: 2, ...params });
  expect(messagesOf(report)).toContainEqual([key, expected]);
  expect(nightly.rows(0, 'member', COLUMNS)).toEqual([`1 'Ann' ''`, `2 'Bob' ''`, `20 'Guest' 'of site 2'`]);
}

const evil = member([change(9n, 'Eve', ''), { ...change(1n, 'Eve', ''), op: 'U' }]);

describe('a batch that is not what it should be keeps nobody else from synchronising:', () => {
  test.each<[string, Partial<Header>]>([
    ['it claims another site', { origin: 2 }],
    ['it claims another number', { number: 3 }],
    ['it claims to have seen a round that is none', { base: 99 }],
    ['it is a segment, replayed', { kind: 'segment' }],
    ['it is a snapshot', { kind: 'snapshot' }],
  ])('%s', async (_, changes) => {
    await leave(headerOf(changes), [evil]);
    expectRefused(await night(), 'session.hub.batchForeign');
    expect(readdirSync(hubFolder(1))).toEqual(['000001.batch', '000002.batch']);
  });

  test.each<[string, readonly Block[]]>([
    [
      'a table that its header does not name',
      [evil, member([change(1n)], { table: 'sync_state', columns: ['id'] })],
    ],
    [
      'a column that its table has not',
      [evil, member([change(9n, 'x', 'y')], { columns: ['id', 'name', 'secret'] })],
    ],
    ['a column less', [evil, member([change(9n, 'x')], { columns: ['id', 'name'] })]],
    [
      'another key',
      [evil, member([{ ...change('Ann'), op: 'D', marks: '' }], { columns: ['name', 'id', 'note'] })],
    ],
    ['a longer key', [evil, member([change(9n, 'x', 'y')], { keyCount: 2 })]],
    ['a column twice', [evil, member([change(9n, 'x', 'y')], { columns: ['id', 'name', 'name'] })]],
  ])('it speaks of %s', async (_, blocks) => {
    await leave(headerOf(), blocks);
    expectRefused(await night(), 'session.hub.batchUnsound');
  });

  test.each<[string, Change]>([
    ['an integer larger than any database has', change(2n ** 80n, 'Eve', '')],
    [
      'marks of another width, which would make those of others be misread',
      { ...change(9n, 'Eve', ''), marks: '11111' },
    ],
    ['marks that are none', { ...change(9n, 'Eve', ''), marks: `1'1` }],
  ])('it holds %s', async (_, forged) => {
    await leave(headerOf(), [evil, member([forged])]);
    const report = await night();
    const key = typeof forged.values[0] === 'bigint' && forged.values[0] > 9n ? 'batchFailed' : 'unreadable';
    expectRefused(report, `session.hub.${key}`);
  });

  test('it is of a newer format', async () => {
    await forge([HEADER, JSON.stringify({ ...headerOf(), format: 9, more: 'of it' })]);
    expectRefused(await night(), 'session.hub.batchVersion');
  });

  test('it is cut short, or of no format at all', async () => {
    await leave(headerOf(), [evil]);
    const file = join(hubFolder(1), '000002.batch');
    truncateSync(file, 200);
    expectRefused(await night(), 'session.hub.unreadable');
    writeFileSync(file, 'Bonjour');
    const keys = messagesOf(await night()).map(([key]) => key);
    expect(keys).toContain('session.hub.unreadable');
  });
});

test('a site that claims a round which was never published stops the sessions; its name is told, and retiring it ends that', async () => {
  const acks = join(nightly.paths(0).sites, '1', 'acks');
  mkdirSync(acks, { recursive: true });
  writeFileSync(join(acks, '000999.json'), '{}');
  const stopped = await night();
  expect(stopped.error).toMatchObject({ code: 'session.hubBehind', params: { site: 'site 1', round: 999 } });
  nightly.retire(1);
  const report = await night();
  expect(report.error).toBeNull();
  expect(nightly.rows(0, 'member', COLUMNS)).toContain(`20 'Guest' 'of site 2'`);
});

test('SQL in the names of tables and columns and in every value is text, and nothing else', async () => {
  const attacks = [
    `'; DROP TABLE member; --`,
    `"; DROP TABLE member; --`,
    `]; DROP TABLE member; --`,
    '`; DROP TABLE member; --',
    `$1 ? :id @p1 %s \${x}`,
    `\\'; DELETE FROM member; /*`,
  ];
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const columns = ['id', ...attacks];
  const own = new Nightly({
    schema: [
      SCHEMA,
      ...attacks.map(
        (name) =>
          `CREATE TABLE ${quoted(name)} (id TEXT PRIMARY KEY, ${attacks.map((column) => `${quoted(column)} TEXT`).join(', ')});`,
      ),
    ].join('\n'),
    retention: { changes: 30 * DAY, conflicts: 1100 * DAY, reportDays: 400 },
  });
  try {
    for (const place of [0, 1, 2]) await own.add(place);
    // Long after its beginning, as the NULs of a text that was cut in a thousand places would be.
    const nuls = `CAST(x'${'4100'.repeat(3000)}' AS TEXT)`;
    for (const table of attacks)
      for (const [at, key] of attacks.entries())
        own.at(
          1,
          `INSERT INTO ${quoted(table)} VALUES (${[key, ...attacks].map(literal).join(', ')})`,
          `UPDATE ${quoted(table)} SET ${quoted(attacks[at] ?? '')} = ${nuls} WHERE id = ${literal(key)}`,
        );
    await own.night();
    await own.night();
    // The same rows at both: a conflict, which is written down.
    for (const [place, text] of [
      [1, 'one'],
      [2, 'two'],
    ] as const)
      for (const table of attacks)
        own.at(
          place,
          `UPDATE ${quoted(table)} SET ${attacks.map((column) => `${quoted(column)} = ${literal(`${text} ${column}`)}`).join(', ')}`,
        );
    for (let night = 0; night < 2; night += 1)
      for (const [place, report] of await own.night()) expect(report.error, String(place)).toBeNull();
    const database = await own.database(0);
    expect(await database.countConflicts({ text: attacks[0] ?? '' })).toBe(attacks.length ** 2);
    await database.close();
    for (const table of attacks) {
      expect(own.rows(0, table, columns)).toHaveLength(attacks.length);
      for (const site of [1, 2]) expect(own.rows(site, table, columns)).toEqual(own.rows(0, table, columns));
    }
    for (const place of [0, 1, 2]) expect(own.rows(place, 'member', COLUMNS)).toHaveLength(2);
  } finally {
    own.close();
  }
});
