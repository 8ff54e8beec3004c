import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../src/database/port';
import type { Company, CompanyOptions } from '../support/company';
import { expectAllEqual, expectQuiet, rows, useCompanies } from '../support/companies';

const open = useCompanies();

const BADGE = `
  CREATE TABLE badge (id INTEGER PRIMARY KEY, code TEXT UNIQUE, owner TEXT);
  CREATE TABLE entry (id INTEGER PRIMARY KEY, badge INTEGER REFERENCES badge);
  INSERT INTO badge VALUES (1, 'A', 'Anne'), (2, 'B', 'Luc');
`;

const line = ({ table, kind, losingRow, refused }: JournalEntry): string =>
  [table, losingRow?.join(' ') ?? 'absent', kind, ...(refused === null ? [] : [refused.outcome])].join(' | ');

/** The journal, oldest first. */
const journal = async (company: Company): Promise<string[]> =>
  (await company.hub.conflicts(100)).map(line).reverse();

/** Two sites gave the same code: that of site 2 waits. */
async function withClash(options: Partial<CompanyOptions> = {}): Promise<Company> {
  const company = await open({ sites: 2, schema: BADGE, ...options });
  company.at(1, `INSERT INTO badge VALUES (11, 'C', 'Zoé')`);
  company.at(2, `INSERT INTO badge VALUES (12, 'C', 'Noé')`);
  await company.synchronise();
  await expectAllEqual(company);
  expect(await journal(company)).toEqual(['badge | 12 C Noé | refused | waiting']);
  return company;
}

describe('a refused row waits', () => {
  test('and changes nothing while the database refuses it still', async () => {
    const company = await withClash();
    await expectQuiet(company);
    expect(await company.retry()).toEqual({ passed: 0, conflicts: [], waiting: 1 });
    expect(await company.hub.pending()).toBe(0);
    await expectQuiet(company);
  });

  test('and passes everywhere, its author included, once the value is free', async () => {
    const company = await withClash();
    company.at(1, `UPDATE badge SET code = 'D' WHERE id = 11`);
    await company.synchronise();
    expect(await journal(company)).toEqual(['badge | 12 C Noé | refused | passed']);
    for (const place of [0, 1, 2]) {
      expect(await rows(company, place, 'badge')).toEqual([
        `'A' 1 'Anne'`,
        `'B' 2 'Luc'`,
        `'C' 12 'Noé'`,
        `'D' 11 'Zoé'`,
      ]);
    }
    await expectQuiet(company);
    expect(await company.retry()).toEqual({ passed: 0, conflicts: [], waiting: 0 });
  });

  test('and passes on demand: it goes to everyone with the next round', async () => {
    const company = await withClash();
    company.at(0, `DELETE FROM badge WHERE id = 11`);
    expect(await company.retry()).toEqual({ passed: 1, conflicts: [], waiting: 0 });
    expect(await rows(company, 0, 'badge')).toContain(`'C' 12 'Noé'`);
    await company.synchronise();
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('with the rows that refer to it, which pass with it', async () => {
    const company = await open({ sites: 2, schema: BADGE, foreignKeys: true });
    company.at(1, `INSERT INTO badge VALUES (11, 'C', 'Zoé')`);
    company.at(2, `INSERT INTO badge VALUES (12, 'C', 'Noé')`, `INSERT INTO entry VALUES (1, 12), (2, 12)`);
    await company.synchronise();
    expect(await journal(company)).toEqual([
      'badge | 12 C Noé | refused | waiting',
      'entry | 1 12 | refused | waiting',
      'entry | 2 12 | refused | waiting',
    ]);
    company.at(0, `UPDATE badge SET code = 'D' WHERE id = 11`);
    await company.synchronise();
    expect(await rows(company, 2, 'entry')).toEqual(['12 1', '12 2']);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('for a parent that another batch of the same night brings', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(1, `INSERT INTO entry VALUES (1, 50)`);
    company.at(2, `INSERT INTO badge VALUES (50, 'Z', 'late')`);
    await company.synchronise();
    expect(await journal(company)).toEqual(['entry | 1 50 | refused | passed']);
    expect(await rows(company, 1, 'entry')).toEqual(['50 1']);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('for a rule that is dropped; what was changed in other columns meanwhile stays', async () => {
    const STOCK = `CREATE TABLE stock (id INTEGER PRIMARY KEY, amount INTEGER, place TEXT);
      INSERT INTO stock VALUES (1, 1, 'a'), (2, 2, 'b')`;
    const company = await open({
      sites: 2,
      schema: STOCK,
      schemaAt: { 0: `${STOCK}; CREATE UNIQUE INDEX one ON stock (amount)` },
    });
    company.at(1, `UPDATE stock SET amount = 2 WHERE id = 1`);
    await company.synchronise();
    expect(await rows(company, 1, 'stock')).toContain(`1 1 'a'`);
    company.at(2, `UPDATE stock SET place = 'z' WHERE id = 1`);
    await company.synchronise();
    expect(await journal(company)).toEqual(['stock | 1 2 a | refused | waiting']);
    company.at(0, `DROP INDEX one`);
    await company.prepare(0);
    await company.synchronise();
    expect(await journal(company)).toEqual(['stock | 1 2 a | refused | passed']);
    expect(await rows(company, 2, 'stock')).toContain(`2 1 'z'`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});

describe('a refused row gives way', () => {
  test('to what its author wrote since under the same key', async () => {
    const company = await withClash();
    company.at(2, `INSERT INTO badge VALUES (12, 'E', 'Noé again')`);
    await company.synchronise();
    expect(await journal(company)).toEqual(['badge | 12 C Noé | refused | superseded']);
    company.at(1, `DELETE FROM badge WHERE id = 11`);
    await company.synchronise();
    expect(await rows(company, 0, 'badge')).toContain(`'E' 12 'Noé again'`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('to a later change of its author that was on its way already, and is refused as well', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(1, `INSERT INTO badge VALUES (11, 'C', 'Zoé')`);
    await company.send(1);
    company.at(2, `INSERT INTO badge VALUES (12, 'C', 'Noé')`);
    await company.send(2);
    company.at(2, `UPDATE badge SET owner = 'Noël' WHERE id = 12`);
    await company.synchronise();
    const refused = (await journal(company)).filter((each) => each.includes('refused'));
    expect(refused).toEqual([
      'badge | 12 C Noé | refused | superseded',
      'badge | 12 C Noël | refused | waiting',
    ]);
    await expectAllEqual(company);
  });

  test('to a row that somebody else made under its key: both are in the journal', async () => {
    const company = await withClash();
    company.at(1, `INSERT INTO badge VALUES (12, 'F', 'Eve')`);
    const { conflicts } = await company.synchronise();
    expect(conflicts).toMatchObject([
      { kind: 'insert', winningRow: [12n, 'F', 'Eve'], losingRow: [12n, 'C', 'Noé'], loser: 2 },
    ]);
    expect(await journal(company)).toEqual([
      'badge | 12 C Noé | refused | changed',
      'badge | 12 C Noé | insert',
    ]);
    expect(await rows(company, 2, 'badge')).toContain(`'F' 12 'Eve'`);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('to a deletion that somebody made since', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(0, `INSERT INTO badge VALUES (5, 'X', 'hub')`);
    company.at(1, `UPDATE badge SET code = 'X' WHERE id = 1`);
    await company.synchronise();
    company.at(2, `DELETE FROM badge WHERE id = 1`);
    await company.synchronise();
    expect(await journal(company)).toEqual([
      'badge | 1 X Anne | refused | changed',
      'badge | 1 X Anne | updateDeleted',
    ]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('to nobody where a person put it back', async () => {
    const company = await withClash();
    const [entry] = await company.hub.conflicts(1);
    company.at(0, `DELETE FROM badge WHERE id = 11`);
    await company.hub.restore(entry?.id ?? 0, { which: 'loser', at: 1, by: 'Marie' });
    expect(await company.retry()).toEqual({ passed: 0, conflicts: [], waiting: 0 });
    expect(await journal(company)).toEqual(['badge | 12 C Noé | refused']);
    await company.synchronise();
    await expectAllEqual(company);
  });
});

describe('what is tried again', () => {
  test('yields to a change of another site that did not know of it, and both are told', async () => {
    const company = await open({ sites: 2, schema: BADGE });
    company.at(0, `INSERT INTO badge VALUES (5, 'X', 'hub')`);
    company.at(1, `UPDATE badge SET code = 'X' WHERE id = 1`);
    await company.synchronise();
    company.at(2, `UPDATE badge SET code = 'Y' WHERE id = 1`);
    await company.send(2);
    company.at(0, `DELETE FROM badge WHERE id = 5`);
    expect(await company.retry()).toMatchObject({ passed: 1 });
    const { conflicts } = await company.synchronise();
    expect(conflicts).toMatchObject([
      { kind: 'update', winner: 2, winningRow: [1n, 'Y', 'Anne'], losingRow: [1n, 'X', 'Anne'] },
    ]);
    await expectAllEqual(company);
    await expectQuiet(company);
  });

  test('waits where its table has other columns now', async () => {
    const company = await withClash();
    for (const place of [0, 1, 2]) {
      company.at(place, `ALTER TABLE badge ADD COLUMN colour TEXT`);
      await company.prepare(place);
    }
    company.at(1, `DELETE FROM badge WHERE id = 11`);
    await company.synchronise();
    expect(await company.retry()).toEqual({ passed: 0, conflicts: [], waiting: 1 });
    await expectAllEqual(company);
  });

  test('comes from a journal that an older version kept, too', async () => {
    const company = await withClash();
    // What that version had not: any table of what came of refused rows.
    expect(
      company.place(0).business.query(`SELECT name FROM sqlite_schema WHERE name LIKE '%refused'`),
    ).toEqual([]);
    company.at(0, `DELETE FROM badge WHERE id = 11`);
    expect(await company.retry()).toEqual({ passed: 1, conflicts: [], waiting: 0 });
    await company.hub.unprepare();
    expect(
      company.place(0).business.query(`SELECT name FROM sqlite_schema WHERE name LIKE 'sync$%'`),
    ).toEqual([]);
  });
});

describe('a row that only a site’s database refuses', () => {
  const LIMIT = `CREATE TABLE stock (id INTEGER PRIMARY KEY, amount INTEGER); INSERT INTO stock VALUES (1, 1)`;

  test('is asked for each night, and comes once the site takes it', async () => {
    const company = await open({
      sites: 2,
      schema: LIMIT,
      schemaAt: { 1: LIMIT.replace('amount INTEGER', 'amount INTEGER CHECK (amount < 10)') },
    });
    company.at(0, `UPDATE stock SET amount = 50 WHERE id = 1`);
    await company.synchronise();
    expect(await rows(company, 1, 'stock')).toEqual(['1 1']);
    await company.send(1);
    await company.merge();
    await company.publish();
    expect(await company.receive(1)).toMatchObject([
      { waiting: 1, unwritten: [{ table: 'stock', reason: 'check', rows: 1 }] },
    ]);
    company.at(0, `UPDATE stock SET amount = 7 WHERE id = 1`);
    await company.synchronise();
    expect(await rows(company, 1, 'stock')).toEqual(['7 1']);
    await company.synchronise();
    await expectAllEqual(company);
    await expectQuiet(company);
  });
});
