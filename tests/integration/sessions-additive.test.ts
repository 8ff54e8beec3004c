import { afterEach, expect, test } from 'vitest';
import { resend } from '../../src/commands/recovery';
import { set } from '../../src/commands/setup';
import type { Report } from '../../src/report/report';
import { EngineCompany } from '../support/engines';

const SCHEMA = `
  CREATE TABLE article (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER, shelf TEXT);
  INSERT INTO article VALUES (1, 'rope', 10, 'A');`;

let company: EngineCompany;
afterEach(() => company.close());

const said = ({ steps }: Report, key: string): unknown[] =>
  steps.flatMap(({ messages }) =>
    messages.filter((message) => message.key === key).map(({ params }) => params),
  );

test('a column that the hub declares adds up everywhere from the next synchronisation on', async () => {
  company = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon', 'paris'] });
  await company.synchronise();
  await company.command('hub', (context) => set(context, 'additive.article', 'stock'));
  const first = await company.synchronise();
  for (const report of Object.values(first)) {
    expect(report.state).toBe('ok');
    expect(said(report, 'session.additive.columns')).toEqual([{ table: 'article', columns: 'stock' }]);
    expect(said(report, 'session.tracking.renewed')).toEqual([]);
  }
  company.at('lyon', 'UPDATE article SET stock = stock - 3');
  company.at('paris', 'UPDATE article SET stock = stock - 2');
  company.at('hub', 'UPDATE article SET stock = stock + 20');
  const second = await company.synchronise();
  for (const report of Object.values(second)) expect(report.state).toBe('ok');
  expect(company.contents('hub')['article']).toEqual([`1 'rope' 'A' 25`]);
  await company.synchronise();
  for (const name of ['lyon', 'paris']) expect(company.contents(name)).toEqual(company.contents('hub'));
  await company.command('hub', (context) => set(context, 'additive.article', 'none'));
  const last = await company.synchronise();
  for (const report of Object.values(last))
    expect(said(report, 'session.additive.none')).toEqual([{ table: 'article' }]);
});

test('what goes out a second time is not counted a second time: on demand, and from a restored site', async () => {
  company = await EngineCompany.open({
    schema: `${SCHEMA} INSERT INTO article VALUES (2, 'saw', 10, 'B');`,
    sites: ['lyon'],
  });
  await company.command('hub', (context) => set(context, 'additive.article', 'stock'));
  await company.synchronise();
  company.at('lyon', 'UPDATE article SET stock = stock - 3 WHERE id = 1');
  await company.synchronise();
  expect(await company.command('lyon', (context) => resend(context, '2020-01-01'))).toMatchObject({
    changes: 1,
  });
  await company.synchronise();
  expect(company.contents('hub')['article']).toEqual([`1 'rope' 'A' 7`, `2 'saw' 'B' 10`]);

  company.at('lyon', 'UPDATE article SET stock = stock - 1 WHERE id = 2');
  const backup = company.backUp('lyon', 'lyon-old.db');
  await company.synchronise();
  company.restore('lyon', backup);
  company.at('hub', 'UPDATE article SET stock = stock + 5 WHERE id = 1');
  const { hub, lyon } = await company.synchronise(undefined, { recover: 'lyon' });
  expect([hub?.error, lyon?.error]).toEqual([null, null]);
  company.at('lyon', 'UPDATE article SET stock = stock - 2 WHERE id = 2');
  await company.synchronise();
  expect(company.contents('hub')['article']).toEqual([`1 'rope' 'A' 12`, `2 'saw' 'B' 7`]);
  expect(company.contents('lyon')).toEqual(company.contents('hub'));
});

test('what is no number is refused as it is declared, with what can be', async () => {
  company = await EngineCompany.open({ schema: SCHEMA, sites: ['lyon'] });
  const declare = (post: string, table: string, columns: string): Promise<unknown> =>
    company.command(post, (context) => set(context, `additive.${table}`, columns));
  await expect(declare('hub', 'article', 'stock, shelf')).rejects.toMatchObject({
    code: 'settings.additive',
    params: { table: 'article', column: 'shelf', columns: 'stock' },
  });
  await expect(declare('hub', 'nothing', 'stock')).rejects.toMatchObject({
    params: { table: 'nothing', column: 'stock', columns: '—' },
  });
  await expect(declare('lyon', 'article', 'stock')).rejects.toMatchObject({ code: 'settings.unknownKey' });
});
