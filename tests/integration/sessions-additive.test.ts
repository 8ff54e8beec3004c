import { afterEach, expect, test } from 'vitest';
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
