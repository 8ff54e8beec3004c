/** What the hub does not alter goes into its round as the batches brought it; everything else is read from its database. */
import { appendFileSync, copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Change } from '../../src/batch/block';
import { openBatch } from '../../src/batch/reader';
import { openSqlite } from '../../src/database/sqlite/database';
import { replayRound } from '../../src/merge/replay-round';
import { openBusiness } from '../support/business';
import { expectAllEqual, expectQuiet, useCompanies } from '../support/companies';
import type { Company } from '../support/company';

const open = useCompanies();

const SHOP = `
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, points INTEGER);
  CREATE TABLE visit (id INTEGER PRIMARY KEY, person INTEGER REFERENCES person);
  INSERT INTO person VALUES (1, 'Anne', 0), (2, 'Luc', 5), (3, 'Zoé', 7);`;
const MINUTE = 60_000;

/** What a file says of a table, and the offset of its times. */
async function told(file: string, table: string): Promise<{ offset: number; changes: readonly Change[] }> {
  const reader = await openBatch(file);
  const changes: Change[] = [];
  for await (const block of reader.blocks()) if (block.table === table) changes.push(...block.changes);
  await reader.close();
  return { offset: reader.header.clockOffset, changes };
}

/** The last round's word on person from one place. */
async function published(company: Company, origin: number): ReturnType<typeof told> {
  const round = company.rounds.at(-1);
  const segment = round && company.segmentsOf(round).find((known) => known.origin === origin);
  return segment === undefined ? { offset: 0, changes: [] } : told(segment.file, 'person');
}

const namesIn = ({ changes }: { changes: readonly Change[] }): unknown[] =>
  changes.map(({ values }) => values[1]);

async function finish(company: Company): Promise<void> {
  await company.publish();
  for (const { number } of company.places.slice(1)) await company.receive(number);
}

async function expectWhole(company: Company): Promise<void> {
  await company.synchronise();
  await expectAllEqual(company);
  await expectQuiet(company);
}

test('the blocks of several sites are taken as they are, their times by each site’s own clock', async () => {
  const company = await open({ sites: 3, schema: SHOP });
  company.at(1, `UPDATE person SET name = 'Anna' WHERE id = 1`, `INSERT INTO person VALUES (4, 'Max', 1)`);
  company.at(2, `UPDATE person SET name = 'Lucie' WHERE id = 2`);
  await company.send(1, MINUTE);
  await company.send(2, -MINUTE);
  const sent = await Promise.all(company.delivered().map(({ file }) => told(file, 'person')));
  await company.merge();
  await finish(company);
  expect(await Promise.all([1, 2].map((site) => published(company, site)))).toEqual(sent);
  await expectAllEqual(company);
  await expectQuiet(company);
});

test('a hub that gets such a round again dates its changes as it did the first time', async () => {
  const company = await open({ sites: 1, schema: SHOP });
  const copy = join(company.folder, 'copy.db');
  for (const suffix of ['', '-wal'])
    if (existsSync(company.place(0).path + suffix))
      copyFileSync(company.place(0).path + suffix, copy + suffix);
  company.at(1, `UPDATE person SET name = 'Anna' WHERE id = 1`);
  await company.send(1, MINUTE);
  await company.merge();
  await finish(company);
  const [round] = company.rounds;
  if (round === undefined) throw new Error('no round');
  expect((await published(company, 1)).offset).toBe(MINUTE);
  const database = await openSqlite(copy);
  const segments = company.segmentsOf(round);
  await replayRound(database, round, { tables: await company.tables(0), segments, merged: [], now: 0 });
  await database.close();
  const business = openBusiness(copy);
  const lines = 'SELECT op, marks, changed_at, origin, sent_in, k1 FROM "sync$log$person"';
  expect(business.query(lines)).toEqual(company.place(0).business.query(lines));
  business.close();
});

test.each([
  {
    what: 'the hub wrote into the table',
    at: 0,
    sql: `UPDATE person SET name = 'Zoe' WHERE id = 3`,
    other: 0,
  },
  { what: 'another site deleted of it', at: 2, sql: `DELETE FROM person WHERE id = 3`, other: 2 },
])('where $what, the rows are read, and their times corrected', async ({ at, sql, other }) => {
  const company = await open({ sites: 2, schema: SHOP });
  company.at(1, `UPDATE person SET name = 'Anna' WHERE id = 1`);
  company.at(at, sql);
  await company.send(1, MINUTE);
  await company.send(2);
  const [batch] = await Promise.all(company.delivered().map(({ file }) => told(file, 'person')));
  await company.merge();
  await finish(company);
  const { offset, changes } = await published(company, 1);
  expect(changes.map(({ changedAt }) => changedAt + offset)).toEqual(
    batch?.changes.map(({ changedAt }) => changedAt + MINUTE),
  );
  expect((await published(company, other)).changes).toHaveLength(1);
  await expectAllEqual(company);
  await expectQuiet(company);
});

test('a row that the hub changes between the merge and the round goes out as it is by then', async () => {
  const company = await open({ sites: 2, schema: SHOP });
  company.at(1, `UPDATE person SET name = 'Anna'`);
  await company.send(1);
  await company.merge();
  company.at(0, `UPDATE person SET name = 'Annette' WHERE id = 1`);
  await finish(company);
  expect(namesIn(await published(company, 1))).toEqual(['Anna', 'Anna']);
  expect(namesIn(await published(company, 0))).toEqual(['Annette']);
  await expectWhole(company);
});

test('what the hub decided, refused or merged of two batches goes out as it stands there', async () => {
  const company = await open({ sites: 2, schema: SHOP });
  company.at(1, `UPDATE person SET name = 'Anna' WHERE id = 1`, `INSERT INTO visit VALUES (1, 3)`);
  company.at(2, `UPDATE person SET points = 9 WHERE id = 1`);
  company.at(0, `DELETE FROM person WHERE id = 3`);
  await company.send(1);
  company.at(1, `UPDATE person SET name = 'Annie' WHERE id = 1`);
  await company.send(1);
  await company.send(2);
  await company.merge();
  await finish(company);
  expect((await published(company, 1)).changes).toEqual([]);
  expect(namesIn(await published(company, 0))).toContain('Annie');
  await expectWhole(company);
});

test('as many lines as the batch has changes are not yet these changes', async () => {
  const company = await open({ sites: 2, schema: SHOP });
  company.at(2, `UPDATE person SET points = 9 WHERE id = 1`, `UPDATE person SET name = 'Lucie' WHERE id = 2`);
  await company.send(2);
  await company.merge();
  await company.publish();
  // Site 1 has not seen that round: of its changes one is merged and answered, two lines, and the other needs none.
  company.at(
    1,
    `UPDATE person SET name = 'Anna' WHERE id = 1`,
    `UPDATE person SET name = 'Lucie' WHERE id = 2`,
  );
  await company.send(1);
  await company.merge();
  expect(await company.hub.pending()).toBe(2);
  await finish(company);
  await expectAllEqual(company);
  expect((await company.contents(2))['person']).toContain(`1 'Anna' 9`);
});

test('a batch whose file is not what was merged any more is of no use to the round', async () => {
  const company = await open({ sites: 2, schema: SHOP });
  company.at(1, `UPDATE person SET name = 'Anna' WHERE id = 1`);
  await company.send(1, MINUTE);
  const [batch] = company.delivered();
  await company.merge();
  appendFileSync(batch?.file ?? '', 'x');
  await finish(company);
  expect(await published(company, 1)).toMatchObject({ offset: 0, changes: [{ op: 'U' }] });
  await expectAllEqual(company);
});
