import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Policy } from '../../src/database/port';
import { Company } from './company';

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

/** A view of all that the statements below write. */
const WRITTEN = 'written';
const VIEW = `CREATE VIEW written AS SELECT name AS value FROM author UNION ALL SELECT title FROM book
  UNION ALL SELECT word FROM tag UNION ALL SELECT body FROM letter`;

const PLACES = 4;

/** Prepared databases to start from, made once. */
async function makeTemplate(foreignKeys: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  await (await Company.open({ sites: PLACES - 1, schema: `${SCHEMA}; ${VIEW}`, foreignKeys })).saveTo(folder);
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

const policy = fc.constantFrom<Policy>('newest', 'hub', 'site');
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

  run(at: number, sql: string): void {
    const before = this.values(at);
    this.#count += 1;
    try {
      this.company.at(at, sql.replace('@', `v${String(this.#count)}.`));
    } catch {
      return; // Refused by the database: the application would tell its user.
    }
    const after = this.values(at);
    for (const value of after) this.committed.add(value);
    for (const value of before) if (!after.has(value)) this.overwritten.add(value);
  }

  values(at: number): ReadonlySet<string> {
    return valuesIn(this.company.place(at).business.rows(WRITTEN, ['value']).join());
  }
}

const valuesIn = (text: string): ReadonlySet<string> => new Set(text.match(/v\d+\./g));

async function perform(company: Company, witness: Witness, next: Step): Promise<void> {
  if ('at' in next) witness.run(next.at, next.sql);
  else if ('send' in next) await company.send(next.send);
  else if ('receive' in next) await company.receive(next.receive);
  else if (next.hub === 'merge') await company.merge();
  else await company.publish();
}

function expectForeignKeys(company: Company): void {
  for (const { number, business } of company.places) {
    expect(business.query('PRAGMA foreign_key_check'), `at ${String(number)}`).toEqual([]);
  }
}

/** RUNS histories of up to STEPS steps, drawn from SEED, for long searches by hand; by default what a build can wait for. */
const RUNS = Number(process.env['RUNS'] ?? 50);
const STEPS = Number(process.env['STEPS'] ?? 40);
const SEED = Number(process.env['SEED'] ?? 20_261_124);

export function testRandomHistories(foreignKeys: boolean): void {
  let template = '';
  beforeAll(async () => {
    template = await makeTemplate(foreignKeys);
  });
  afterAll(() => {
    rmSync(template, { recursive: true });
  });

  test('whatever happens, two quiet synchronisations make all databases equal and lose nothing', async () => {
    const history = fc.array(step, { maxLength: STEPS, size: 'max' });
    await fc.assert(
      fc.asyncProperty(policy, history, async (rule, steps) => {
        const company = await Company.open({
          sites: PLACES - 1,
          schema: '',
          foreignKeys,
          template,
          policy: rule,
        });
        try {
          await live(company, steps, foreignKeys);
        } finally {
          await company.close();
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 3_600_000);
}

async function live(company: Company, steps: readonly Step[], foreignKeys: boolean): Promise<void> {
  const witness = new Witness(company);
  for (const next of steps) {
    await perform(company, witness, next);
    if (foreignKeys && !('at' in next)) expectForeignKeys(company);
  }
  await company.synchronise();
  await company.synchronise();
  const hub = await company.contents(0);
  for (const { number } of company.places) expect(await company.contents(number)).toEqual(hub);
  const journal = JSON.stringify(await company.hub.conflicts(10_000), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const kept = valuesIn(JSON.stringify(hub) + journal);
  expect(
    [...witness.committed].filter((value) => !kept.has(value) && !witness.overwritten.has(value)),
  ).toEqual([]);
  for (const { number, database } of company.places) {
    expect(await database.pending(), `at ${String(number)}`).toBe(0);
  }
}
