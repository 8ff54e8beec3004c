import { afterEach, describe, expect, test } from 'vitest';
import type { Policy } from '../../src/database/port';
import { Company, type CompanyOptions } from '../support/company';

/** What is in stock, and a name that two places can dispute. */
const SCHEMA = `
  CREATE TABLE article (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER, value DECIMAL(10, 2));
  INSERT INTO article VALUES (1, 'rope', 10, 1.1), (2, 'oar', 100, 0)`;

const ADDITIVE = { article: ['stock', 'value'] };

const sell = (count: number, id = 1): string =>
  `UPDATE article SET stock = stock - ${String(count)} WHERE id = ${String(id)}`;
const receive = (count: number, id = 1): string => sell(-count, id);

let company: Company;
afterEach(() => company.close());

async function open(options: Partial<CompanyOptions> = {}): Promise<void> {
  company = await Company.open({ sites: 2, schema: SCHEMA, additive: ADDITIVE, ...options });
}

/** Two quiet synchronisations, after which all places are alike; the rows they have then. */
async function settled(): Promise<string[]> {
  await company.synchronise();
  await company.synchronise();
  const hub = await company.contents(0);
  for (const { number } of company.places) {
    expect(await company.contents(number), `at ${String(number)}`).toEqual(hub);
    expect(await company.place(number).database.pending(), `pending at ${String(number)}`).toBe(0);
  }
  return company.place(0).business.rows('article', ['id', 'name', 'stock', 'value']);
}

describe('a column that is added up', () => {
  test('counts what two sites sold and what the hub received at the same time', async () => {
    await open();
    company.at(1, sell(3));
    company.at(2, sell(2));
    company.at(0, receive(20));
    const { conflicts } = await company.synchronise();
    expect(conflicts).toEqual([]);
    expect(await settled()).toEqual(["1 'rope' 25 1.1", "2 'oar' 100 0"]);
  });

  test('counts both sales where both places come to the same number', async () => {
    await open();
    company.at(1, sell(1));
    company.at(2, sell(1));
    expect(await settled()).toEqual(["1 'rope' 8 1.1", "2 'oar' 100 0"]);
  });

  test('counts a sale that a site made while the round with the same number was on its way', async () => {
    await open();
    company.at(2, sell(1));
    await company.send(1);
    await company.send(2);
    await company.merge();
    await company.publish();
    company.at(1, sell(1));
    await company.receive(1);
    await company.receive(2);
    expect(await settled()).toEqual(["1 'rope' 8 1.1", "2 'oar' 100 0"]);
  });

  test('counts what adds up to nothing, and tells its author what others did', async () => {
    await open();
    company.at(1, sell(4));
    company.at(2, sell(1), receive(1));
    expect(await settled()).toEqual(["1 'rope' 6 1.1", "2 'oar' 100 0"]);
  });

  test('counts in decimal, so that no cent is lost', async () => {
    await open();
    for (const [place, value] of [1.2, 1.4, 1.3].entries())
      company.at(place, `UPDATE article SET value = ${String(value)} WHERE id = 1`);
    const [row] = await settled();
    expect(row).toBe("1 'rope' 10 1.7");
  });

  test('leaves the other columns to the usual rule, and what lost in the journal', async () => {
    await open({ policy: 'hub' });
    company.at(1, sell(3), `UPDATE article SET name = 'one' WHERE id = 1`);
    company.at(0, sell(2), `UPDATE article SET name = 'hub' WHERE id = 1`);
    const { conflicts } = await company.synchronise();
    expect(conflicts).toMatchObject([
      {
        kind: 'update',
        added: ['stock', 'value'],
        winningRow: [1n, 'hub', 5n, 1.1],
        losingRow: [1n, 'one', 5n, 1.1],
      },
    ]);
    expect(await settled()).toEqual(["1 'hub' 5 1.1", "2 'oar' 100 0"]);
  });

  test.each<Policy>(['hub', 'site'])('is counted whoever wins the rest of the row: %s', async (policy) => {
    await open({ policy });
    company.at(1, sell(3), `UPDATE article SET name = 'one' WHERE id = 1`);
    company.at(0, receive(20), `UPDATE article SET name = 'hub' WHERE id = 1`);
    expect(await settled()).toEqual([`1 '${policy === 'hub' ? 'hub' : 'one'}' 27 1.1`, "2 'oar' 100 0"]);
  });

  test('keeps its sum when a name that lost is put back', async () => {
    await open({ policy: 'hub' });
    company.at(1, sell(3), `UPDATE article SET name = 'one' WHERE id = 1`);
    company.at(0, sell(2), `UPDATE article SET name = 'hub' WHERE id = 1`);
    await settled();
    company.at(2, sell(1));
    await company.synchronise();
    const [entry] = await company.hub.conflicts(1);
    await company.hub.restore(entry?.id ?? 0, { which: 'loser', at: 1, by: 'Anne' });
    expect(await settled()).toEqual(["1 'one' 4 1.1", "2 'oar' 100 0"]);
  });

  test('counts what was done to a row before it was deleted, where a sale brings it back', async () => {
    await open();
    company.at(0, sell(3), 'DELETE FROM article WHERE id = 1');
    company.at(1, sell(1));
    company.at(2, sell(2));
    expect(await settled()).toEqual(["1 'rope' 4 1.1", "2 'oar' 100 0"]);
  });

  test('counts neither too little nor too much when a batch is released and captured anew', async () => {
    await open();
    company.at(0, receive(20));
    company.at(1, sell(3));
    const { database } = company.place(1);
    const captured = [];
    for await (const { block } of database.capture(1, ['article'])) captured.push(block);
    expect(captured.map(({ additive, changes }) => [additive, changes.map(({ adds }) => adds)])).toEqual([
      [['stock', 'value'], [[-3n, 0n]]],
    ]);
    await database.release(1);
    company.at(1, sell(4));
    expect(await settled()).toEqual(["1 'rope' 23 1.1", "2 'oar' 100 0"]);
  });

  test('counts two batches that wait for the hub together', async () => {
    await open();
    company.at(0, receive(20));
    company.at(1, sell(3));
    await company.send(1);
    company.at(1, sell(4));
    await company.send(1);
    company.at(2, sell(1));
    await company.send(2);
    expect(await settled()).toEqual(["1 'rope' 22 1.1", "2 'oar' 100 0"]);
  });

  test('is an ordinary column where it was empty', async () => {
    await open();
    await settled();
    company.at(1, 'UPDATE article SET stock = NULL WHERE id = 1');
    company.at(2, sell(2));
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(({ kind, added }) => [kind, added])).toEqual([['update', ['value']]]);
    await settled();
  });

  test('never wraps: a sum that is too large is a conflict, and both values are kept', async () => {
    await open({ policy: 'hub' });
    company.at(0, receive(1000));
    company.at(1, 'UPDATE article SET stock = stock + 9223372036854775000 WHERE id = 1');
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(({ kind, losingRow }) => [kind, losingRow?.[2]])).toEqual([
      ['update', 9223372036854775010n],
    ]);
    expect((await settled())[0]).toBe("1 'rope' 1010 1.1");
  });

  test('is ordinary for what was changed before a site knew that it is added up', async () => {
    await open({ additive: {} });
    company.at(1, sell(3));
    company.at(2, sell(2));
    for (const { number } of company.places) await company.declare(number, ADDITIVE);
    company.at(1, sell(1));
    const { conflicts } = await company.synchronise();
    expect(conflicts.map(({ kind }) => kind)).toEqual(['update']);
    await settled();
    company.at(1, sell(1));
    company.at(2, sell(1));
    const before = Number(company.place(0).business.query('SELECT stock FROM article WHERE id = 1')[0]);
    const [row] = await settled();
    expect(row).toBe(`1 'rope' ${String(before - 2)} 1.1`);
  });

  test('keeps what is not sent yet when another column is declared too', async () => {
    await open({ additive: { article: ['stock'] } });
    company.at(1, sell(3));
    company.at(2, sell(2));
    for (const { number } of company.places) await company.declare(number, ADDITIVE);
    expect(await settled()).toEqual(["1 'rope' 5 1.1", "2 'oar' 100 0"]);
  });
});
