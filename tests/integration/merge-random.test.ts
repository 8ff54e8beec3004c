import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Company } from '../support/company';

/** Unique values, a reference to a value that is not a key, a self reference, cascades, a check, keys without case. */
const SCHEMA = `
  CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE);
  CREATE TABLE book (
    id TEXT PRIMARY KEY COLLATE NOCASE, author INTEGER REFERENCES author ON DELETE CASCADE, title TEXT,
    stock INTEGER CHECK (stock < 3), sequel TEXT REFERENCES book (id) ON DELETE SET NULL ON UPDATE CASCADE);
  CREATE TABLE tag (
    book TEXT REFERENCES book ON DELETE CASCADE ON UPDATE CASCADE, rank, word TEXT, PRIMARY KEY (book, rank)
  ) WITHOUT ROWID;
  CREATE TABLE letter (id INTEGER PRIMARY KEY, mail TEXT REFERENCES author (mail) ON UPDATE CASCADE, body TEXT);
  INSERT INTO author VALUES (1, 'a1', 'm1'), (2, 'a2', 'm2');
  INSERT INTO book VALUES ('a', 1, 'b1', 0, NULL), ('b', 2, 'b2', 1, 'a');
  INSERT INTO tag VALUES ('a', 1, 't1'), ('b', 1, 't2');
  INSERT INTO letter VALUES (1, 'm1', 'l1');
`;

const PLACES = 4;
let template: { keys: string; plain: string };

beforeAll(async () => {
  template = { keys: await makeTemplate(true), plain: await makeTemplate(false) };
});
afterAll(() => {
  for (const folder of Object.values(template)) rmSync(folder, { recursive: true });
});

async function makeTemplate(foreignKeys: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  await (await Company.open({ sites: PLACES - 1, schema: SCHEMA, foreignKeys })).saveTo(folder);
  return folder;
}

const id = fc.constantFrom('1', '2', '3');
const bookId = fc.constantFrom(`'a'`, `'B'`, `'b'`, `'c'`);
const mail = fc.constantFrom(`'m1'`, `'m2'`, `'m3'`, 'NULL');
const stock = fc.constantFrom('0', '1', '2');
/** `@` stands for a value that is written once only. */
const statement = fc.oneof(
  fc.tuple(id, mail).map(([i, m]) => `INSERT INTO author VALUES (${i}, '@', ${m})`),
  fc.tuple(id, mail).map(([i, m]) => `INSERT OR REPLACE INTO author VALUES (${i}, '@', ${m})`),
  fc.tuple(id, mail).map(([i, m]) => `INSERT OR IGNORE INTO author VALUES (${i}, '@', ${m})`),
  id.map((i) => `UPDATE author SET name = '@' WHERE id = ${i}`),
  fc.tuple(id, mail).map(([i, m]) => `UPDATE author SET mail = ${m} WHERE id = ${i}`),
  fc.tuple(id, id).map(([i, j]) => `UPDATE author SET id = ${j} WHERE id = ${i}`),
  id.map((i) => `DELETE FROM author WHERE id = ${i}`),
  fc.tuple(bookId, id, stock).map(([b, i, s]) => `INSERT INTO book VALUES (${b}, ${i}, '@', ${s}, NULL)`),
  fc
    .tuple(bookId, id, stock, bookId)
    .map(([b, i, s, c]) => `INSERT OR REPLACE INTO book VALUES (${b}, ${i}, '@', ${s}, ${c})`),
  bookId.map((b) => `UPDATE book SET title = '@' WHERE id = ${b}`),
  fc.tuple(bookId, bookId).map(([b, c]) => `UPDATE book SET sequel = ${c} WHERE id = ${b}`),
  fc.tuple(bookId, bookId).map(([b, c]) => `UPDATE book SET id = ${c} WHERE id = ${b}`),
  bookId.map((b) => `UPDATE book SET stock = stock + 1, title = '@' WHERE id = ${b}`),
  bookId.map((b) => `DELETE FROM book WHERE id = ${b}`),
  fc
    .tuple(bookId, fc.constantFrom('1', '1.0', `'1'`))
    .map(([b, r]) => `INSERT OR REPLACE INTO tag VALUES (${b}, ${r}, '@')`),
  bookId.map((b) => `DELETE FROM tag WHERE book = ${b}`),
  bookId.map((b) => `UPDATE tag SET word = '@' WHERE book = ${b}`),
  fc.tuple(id, mail).map(([i, m]) => `INSERT INTO letter VALUES (${i}, ${m}, '@')`),
  fc.tuple(id, mail).map(([i, m]) => `UPDATE letter SET mail = ${m} WHERE id = ${i}`),
  id.map((i) => `UPDATE letter SET body = '@' WHERE id = ${i}`),
  id.map((i) => `DELETE FROM letter WHERE id = ${i}`),
);

const place = fc.nat(PLACES - 1);
const site = fc.integer({ min: 1, max: PLACES - 1 });
type Step =
  | { readonly at: number; readonly sql: string }
  | { readonly send: number }
  | { readonly receive: number }
  | { readonly hub: 'merge' | 'publish' };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ at: place, sql: statement }) },
  { weight: 3, arbitrary: fc.record({ send: site }) },
  { weight: 3, arbitrary: fc.record({ receive: site }) },
  { weight: 3, arbitrary: fc.record({ hub: fc.constantFrom('merge' as const, 'publish' as const) }) },
);

/** What the application did, and which of its values it took away itself. */
class Witness {
  readonly committed = new Set<string>();
  readonly overwritten = new Set<string>();
  #count = 0;

  constructor(private readonly company: Company) {}

  async run(at: number, sql: string): Promise<void> {
    const before = await this.values(at);
    this.#count += 1;
    try {
      this.company.at(at, sql.replace('@', `v${String(this.#count)}.`));
    } catch {
      return; // Refused by the database: the application would tell its user.
    }
    const after = await this.values(at);
    for (const value of after) this.committed.add(value);
    for (const value of before) if (!after.has(value)) this.overwritten.add(value);
  }

  async values(at: number): Promise<ReadonlySet<string>> {
    return valuesIn(JSON.stringify(await this.company.contents(at)));
  }
}

const valuesIn = (text: string): ReadonlySet<string> => new Set(text.match(/v\d+\./g));

async function perform(company: Company, witness: Witness, next: Step): Promise<void> {
  if ('at' in next) await witness.run(next.at, next.sql);
  else if ('send' in next) await company.send(next.send);
  else if ('receive' in next) await company.receive(next.receive);
  else if (next.hub === 'merge') await company.merge();
  else await company.publish();
}

async function expectForeignKeys(company: Company): Promise<void> {
  for (const { number, business } of company.places) {
    expect(business.rows('pragma_foreign_key_check', ['table', 'rowid']), `at ${String(number)}`).toEqual([]);
  }
}

test.each([{ foreignKeys: true }, { foreignKeys: false }])(
  'whatever happens, two quiet synchronisations make all databases equal and lose nothing (%o)',
  async ({ foreignKeys }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const company = await Company.open({
          sites: PLACES - 1,
          schema: '',
          foreignKeys,
          template: foreignKeys ? template.keys : template.plain,
        });
        try {
          const witness = new Witness(company);
          for (const next of steps) {
            await perform(company, witness, next);
            if (foreignKeys) await expectForeignKeys(company);
          }
          await company.synchronise();
          expect(await company.synchronise()).toEqual({ sent: 0, published: 0, conflicts: [] });
          const hub = await company.contents(0);
          for (const { number } of company.places) expect(await company.contents(number)).toEqual(hub);
          const journal = JSON.stringify(await company.hub.conflicts(10_000), (_, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value,
          );
          const kept = valuesIn(JSON.stringify(hub) + journal);
          const lost = [...witness.committed].filter(
            (value) => !kept.has(value) && !witness.overwritten.has(value),
          );
          expect(lost).toEqual([]);
        } finally {
          await company.close();
        }
      }),
      { numRuns: Number(process.env['RUNS'] ?? 150) },
    );
  },
  120_000,
);
