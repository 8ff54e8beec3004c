import { afterEach, expect } from 'vitest';
import { EngineCompany } from './engines';
import { makeMssqlDatabase, type MssqlBusiness } from './mssql-business';

export type Place = 'hub' | 'lyon' | 'paris';

/** A hub and two sites as engines, each on a database of its own on the server that MSSQL_URL names. */
export interface MssqlCompany {
  readonly engines: EngineCompany;
  readonly businesses: Readonly<Record<Place, MssqlBusiness>>;
  rows(place: Place, query: string): Promise<readonly (readonly unknown[])[]>;
  /** Each query gives the same everywhere. */
  expectAlike(...queries: readonly string[]): Promise<void>;
}

/** Companies for the tests of a file, each closed after its test. */
export function useMssqlCompanies() {
  const closing: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function make(statements: readonly string[]): Promise<MssqlBusiness> {
    const business = await makeMssqlDatabase();
    closing.push(() => business.drop());
    await business.run(...statements);
    return business;
  }

  async function engines(databases: Readonly<Record<string, string>>): Promise<EngineCompany> {
    const company = await EngineCompany.openOn(databases);
    closing.push(() => company.close());
    return company;
  }

  async function found(schema: readonly string[]): Promise<MssqlCompany> {
    const businesses = { hub: await make(schema), lyon: await make(schema), paris: await make(schema) };
    const { hub, lyon, paris } = businesses;
    const company = await engines({ hub: hub.address, lyon: lyon.address, paris: paris.address });
    return {
      engines: company,
      businesses,
      rows: (place, query) => businesses[place].query(query),
      expectAlike: async (...queries) => {
        for (const query of queries) {
          const expected = await hub.query(query);
          expect(await lyon.query(query)).toEqual(expected);
          expect(await paris.query(query)).toEqual(expected);
        }
      },
    };
  }

  return {
    make,
    engines,
    found,
    afterwards: (close: () => void | Promise<void>) => void closing.push(close),
  };
}
