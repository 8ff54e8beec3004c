import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Company } from '../support/company';

const SCHEMA = `
  CREATE TABLE article (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER, value DECIMAL(10, 2));
  INSERT INTO article VALUES (1, 'rope', 0, 0), (2, 'oar', 0, 0), (3, 'sail', 0, 0), (4, 'mast', 0, 0)`;
const ADDITIVE = { article: ['stock', 'value'] };
const PLACES = 3;
const OPEN = { sites: PLACES - 1, schema: '' };
const SEED = 20_261_126;
const RUNS = Number(process.env['RUNS'] ?? 50);

const place = fc.nat(PLACES - 1);
const site = fc.integer({ min: 1, max: PLACES - 1 });
/** Each row goes through the same cuts with a history of its own. */
const ROWS = [1, 2, 3, 4];
const id = fc.constantFrom(...ROWS);
type Step =
  | { readonly at: number; readonly id: number; readonly add: number; readonly name: boolean }
  | { readonly do: 'send' | 'cut' | 'receive'; readonly site: number }
  | { readonly do: 'merge' | 'publish' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ at: place, id, add: fc.integer({ min: -3, max: 3 }), name: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), site }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), site }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('receive' as const), site }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('merge' as const, 'publish' as const) }) },
);

let template = '';
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'template-'));
  const company = await Company.open({ ...OPEN, schema: SCHEMA, additive: ADDITIVE });
  await company.saveTo(template);
});
afterAll(() => {
  rmSync(template, { recursive: true });
});

/** A batch that is marked and captured, but never named: its changes are captured anew. */
async function cut(company: Company, number: number): Promise<void> {
  const { database } = company.place(number);
  const batch = ((await database.state())?.lastMarked ?? 0) + 1;
  for await (const { block } of database.capture(batch, ['article'])) expect(block.table).toBe('article');
  await database.release(batch);
}

async function perform(company: Company, next: Step, count: number): Promise<void> {
  if ('at' in next) {
    const name = next.name ? `, name = 'n${String(count)}'` : '';
    const add = String(next.add);
    company.at(
      next.at,
      `UPDATE article SET stock = stock + ${add}, value = value + ${add} * 2${name} WHERE id = ${String(next.id)}`,
    );
  } else if (next.do === 'send') await company.send(next.site);
  else if (next.do === 'cut') await cut(company, next.site);
  else if (next.do === 'receive') await company.receive(next.site);
  else if (next.do === 'merge') await company.merge();
  else await company.publish();
}

test(`all that was added anywhere is in the sum, whatever the order and the cuts (seed ${String(SEED)})`, async () => {
  const history = fc.array(step, { maxLength: 40, size: 'max' });
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const company = await Company.open({ ...OPEN, template });
      try {
        for (const [count, next] of steps.entries()) await perform(company, next, count);
        await company.synchronise();
        await company.synchronise();
        const sum = (of: number): number =>
          steps.reduce((total, next) => ('at' in next && next.id === of ? total + next.add : total), 0);
        const expected = ROWS.map((row) => [row, sum(row), 2 * sum(row)].join(' '));
        const hub = await company.contents(0);
        for (const { number, business, database } of company.places) {
          expect(business.rows('article', ['id', 'stock', 'value']), `at ${String(number)}`).toEqual(
            expected,
          );
          expect(await company.contents(number)).toEqual(hub);
          expect(await database.pending(), `pending at ${String(number)}`).toBe(0);
        }
      } finally {
        await company.close();
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 600_000);
