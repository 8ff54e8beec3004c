import { afterEach, expect, test } from 'vitest';
import { Company, type CompanyOptions } from '../support/company';

const companies: Company[] = [];
afterEach(async () => {
  for (const company of companies.splice(0)) await company.close();
});

async function open(options: CompanyOptions): Promise<Company> {
  const company = await Company.open(options);
  companies.push(company);
  return company;
}

const SHOP = `
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, city TEXT, points INTEGER);
  INSERT INTO person VALUES (1, 'Anne', 'Lyon', 0), (2, 'Luc', 'Brest', 5);
`;

test('a change made at a site is everywhere after one synchronisation', async () => {
  const company = await open({ sites: 2, schema: SHOP });
  company.at(
    1,
    `UPDATE person SET city = 'Paris' WHERE id = 1`,
    `INSERT INTO person VALUES (3, 'Zoé', '', NULL)`,
  );
  company.at(2, `DELETE FROM person WHERE id = 2`);
  await company.synchronise();
  expect(await company.contents(0)).toEqual({ person: [`'Paris' 1 'Anne' 0`, `'' 3 'Zoé' NULL`].sort() });
  expect(await company.contents(1)).toEqual(await company.contents(0));
  expect(await company.contents(2)).toEqual(await company.contents(0));
});
