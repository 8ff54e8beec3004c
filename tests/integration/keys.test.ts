import { describe, expect, test } from 'vitest';
import type { Conflict } from '../../src/database/port';
import type { Company } from '../support/company';
import { expectAllEqual, expectQuiet, rows, useCompanies } from '../support/companies';

/** Two rows that come under one key: one stays, the other is in the journal, whole, and nothing is replaced in silence. */

const open = useCompanies();

/** Alike everywhere, and nothing more to say. */
async function expectSettled(company: Company): Promise<void> {
  await expectAllEqual(company);
  await expectQuiet(company);
}

const textOf = (row: Conflict['winningRow']): string => row?.join(' ') ?? 'absent';

/** Both rows of each conflict, in no order: which of them is newer is a matter of milliseconds. */
const sides = (conflicts: readonly Conflict[]): string[] =>
  conflicts.map(({ kind, winningRow, losingRow }) =>
    [kind, ...[textOf(winningRow), textOf(losingRow)].sort()].join(' | '),
  );

const ITEM = `CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
  INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)`;

describe('the same key made at two places', () => {
  test.each([
    [0, 1],
    [1, 0],
    [1, 2],
  ])('at %i and %i', async (one, other) => {
    const company = await open({ sites: 2, schema: ITEM });
    company.at(one, `INSERT INTO item VALUES (7, 'x', 1)`);
    company.at(other, `INSERT INTO item VALUES (7, 'y', 2)`);
    const { conflicts } = await company.synchronise();
    expect(sides(conflicts)).toEqual(['insert | 7 x 1 | 7 y 2']);
    await expectSettled(company);
  });

  test('with INSERT OR REPLACE, which had nothing to replace there', async () => {
    const company = await open({ sites: 2, schema: ITEM });
    company.at(1, `INSERT OR REPLACE INTO item VALUES (7, 'x', 1)`);
    company.at(2, `INSERT OR REPLACE INTO item VALUES (7, 'y', 2)`);
    expect(sides((await company.synchronise()).conflicts)).toEqual(['insert | 7 x 1 | 7 y 2']);
    await expectSettled(company);
  });

  test('by rows that moved there', async () => {
    const company = await open({ sites: 2, schema: ITEM });
    company.at(1, `UPDATE item SET id = 7 WHERE id = 1`);
    company.at(2, `UPDATE item SET id = 7 WHERE id = 2`);
    expect(sides((await company.synchronise()).conflicts)).toEqual(['insert | 7 a 1 | 7 b 2']);
    await expectSettled(company);
  });

  test('in a round that meets a row made since at the site', async () => {
    const company = await open({ sites: 2, schema: ITEM });
    company.at(0, `INSERT INTO item VALUES (7, 'x', 1)`);
    await company.publish();
    company.at(1, `INSERT INTO item VALUES (7, 'y', 2)`);
    await company.receive(1);
    expect(await rows(company, 1, 'item')).toContain(`7 'y' 2`);
    expect(sides((await company.synchronise()).conflicts)).toEqual(['insert | 7 x 1 | 7 y 2']);
    await expectSettled(company);
  });

  test('of several columns', async () => {
    const company = await open({
      sites: 2,
      schema: `CREATE TABLE line (bill INTEGER, rank INTEGER, text TEXT, PRIMARY KEY (bill, rank)) WITHOUT ROWID`,
    });
    company.at(1, `INSERT INTO line VALUES (1, 1, 'x'), (1, 2, 'same')`);
    company.at(2, `INSERT INTO line VALUES (1, 1, 'y'), (1, 2, 'same'), (2, 1, 'alone')`);
    expect(sides((await company.synchronise()).conflicts)).toEqual(['insert | 1 1 x | 1 1 y']);
    expect(await rows(company, 1, 'line')).toHaveLength(3);
    await expectSettled(company);
  });
});

describe('a key that is used again', () => {
  test('the rowid of a deleted row, while another site changed the old one', async () => {
    const company = await open({ sites: 2, schema: ITEM });
    company.at(1, `DELETE FROM item WHERE id = 2`, `INSERT INTO item (name, price) VALUES ('new', 9)`);
    expect(company.place(1).business.rows('item', ['id', 'name'])).toContain(`2 'new'`);
    company.at(2, `UPDATE item SET price = 3 WHERE id = 2`);
    const { conflicts } = await company.synchronise();
    expect(sides(conflicts)).toEqual(['update | 2 b 3 | 2 new 9']);
    await expectSettled(company);
  });

  test('the rowid of a deleted row, given anew at two sites', async () => {
    const company = await open({ sites: 2, schema: ITEM });
    for (const site of [1, 2]) {
      company.at(
        site,
        `DELETE FROM item WHERE id = 2`,
        `INSERT INTO item (name, price) VALUES ('n${String(site)}', 9)`,
      );
    }
    expect(sides((await company.synchronise()).conflicts)).toEqual(['update | 2 n1 9 | 2 n2 9']);
    await expectSettled(company);
  });
});

describe('keys that are equal and yet not the same', () => {
  const tag = (collation: string): string =>
    `CREATE TABLE tag (code TEXT PRIMARY KEY COLLATE ${collation}, word TEXT); INSERT INTO tag VALUES ('old', 'o')`;

  test.each([
    ['NOCASE', 'a', 'A'],
    ['RTRIM', 'a', 'a  '],
  ])('%s: %j at one site, %j at another', async (collation, one, other) => {
    const company = await open({ sites: 2, schema: tag(collation) });
    company.at(1, `INSERT INTO tag VALUES ('${one}', 'x')`);
    company.at(2, `INSERT INTO tag VALUES ('${other}', 'y')`);
    expect(sides((await company.synchronise()).conflicts)).toEqual([
      `insert | ${[`${one} x`, `${other} y`].sort().join(' | ')}`,
    ]);
    await expectSettled(company);
  });

  test('with the same values, spelled in two ways: that too is told', async () => {
    const company = await open({ sites: 2, schema: tag('NOCASE') });
    company.at(1, `INSERT INTO tag VALUES ('a', 'x')`);
    company.at(2, `INSERT INTO tag VALUES ('A', 'x')`);
    expect(sides((await company.synchronise()).conflicts)).toEqual(['insert | A x | a x']);
    await expectSettled(company);
  });

  test('to one database only: the table waits, nothing is replaced there', async () => {
    const company = await open({ sites: 2, schema: tag('NOCASE'), schemaAt: { 1: tag('BINARY') } });
    company.at(1, `INSERT INTO tag VALUES ('a', 'x'), ('A', 'y'), ('OLD', 'z')`);
    expect((await company.synchronise()).conflicts).toEqual([]);
    expect(await rows(company, 1, 'tag')).toHaveLength(4);
    expect(await rows(company, 0, 'tag')).toEqual([`'old' 'o'`]);
    expect((await company.hub.ledger()).map(({ declined }) => declined)).toEqual([['tag'], []]);
  });
});
