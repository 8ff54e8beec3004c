import { afterEach, expect } from 'vitest';
import { Company, type CompanyOptions } from './company';

/** Opens companies for the tests of a file, and closes each after its test. */
export function useCompanies(): (options: CompanyOptions) => Promise<Company> {
  const companies: Company[] = [];
  afterEach(async () => {
    for (const company of companies.splice(0)) await company.close();
  });
  return async (options) => {
    const company = await Company.open(options);
    companies.push(company);
    return company;
  };
}

export const rows = async (company: Company, place: number, table: string): Promise<string[]> =>
  (await company.contents(place))[table] ?? [];

export async function expectAllEqual(company: Company): Promise<void> {
  const hub = await company.contents(0);
  for (const { number } of company.places)
    expect(await company.contents(number), `at ${String(number)}`).toEqual(hub);
}

/** A synchronisation in which nobody changes anything carries nothing, and notes nothing. */
export async function expectQuiet(company: Company): Promise<void> {
  expect(await company.synchronise()).toEqual({ sent: 0, published: 0, conflicts: [] });
}
