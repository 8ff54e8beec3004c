/** Changes that are read column by column are the same as those that are read row by row. */
import { afterEach, expect, test } from 'vitest';
import type { Change, Value } from '../../src/batch/block';
import { ColumnBlock } from '../../src/batch/column-block';
import { Connection } from '../../src/database/sqlite/connection';
import type { CapturedBlock } from '../../src/database/port';
import { openBusiness } from '../support/business';
import { makeSqliteFixture, type SqliteFixture } from './sqlite-fixture';

const SCHEMA = `CREATE TABLE t (id INTEGER PRIMARY KEY, whole INTEGER, words TEXT, real REAL, price DECIMAL,
  bytes BLOB, day DATE, loose)`;
/** More than one range, the first of which is the smallest. */
const ROWS = 700;

const open: SqliteFixture[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

/** A table of so many new rows like one another; then what is different about it. */
async function captureAfter(
  ...statements: string[]
): Promise<{ blocks: CapturedBlock[]; rows: readonly (readonly Value[])[] }> {
  const fixture = await makeSqliteFixture(openBusiness, SCHEMA);
  open.push(fixture);
  await fixture.database.prepare({ id: 'a site', role: 'site' });
  fixture.business.run(
    `INSERT INTO t WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${String(ROWS)})
      SELECT n, n * n, 'word "' || n || '"', n / 7.0, n * 0.05, x'00ff', '2026-11-27', iif(n % 2, n, 'n') FROM i`,
    ...statements,
  );
  const blocks: CapturedBlock[] = [];
  for await (const block of fixture.database.capture(1, ['t'])) blocks.push(block);
  const reader = new Connection(fixture.path);
  const rows = reader.all('SELECT * FROM t ORDER BY id');
  reader.close();
  return { blocks, rows };
}

const changesIn = (blocks: readonly CapturedBlock[]): Change[] =>
  blocks
    .flatMap(({ block }) => block.changes)
    .filter(({ op }) => op !== 'D')
    .sort((a, b) => Number(a.values[0]) - Number(b.values[0]));

const inColumns = (blocks: readonly CapturedBlock[]): boolean[] =>
  blocks.map(({ block }) => block instanceof ColumnBlock);

test('rows like one another are read in columns, and each value is what it is', async () => {
  const { blocks, rows } = await captureAfter(
    `UPDATE t SET whole = NULL, words = NULL, day = NULL WHERE id % 3 = 0`,
    `UPDATE t SET words = '' WHERE id % 5 = 0`,
    `UPDATE t SET words = 'é😀' || char(1, 0, 10) || '\\' WHERE id = 9`,
    `UPDATE t SET whole = 0, real = -0.0, price = 12 WHERE id = 11`,
  );
  expect(inColumns(blocks)).toEqual([true, true]);
  expect(changesIn(blocks).map(({ values }) => values)).toEqual(rows);
  expect(new Set(changesIn(blocks).map(({ op, marks, base }) => `${op} ${marks} ${String(base)}`))).toEqual(
    new Set(['I 11111111 null']),
  );
});

test.each([
  {
    what: 'a whole number too large for a double',
    sql: `UPDATE t SET whole = 9007199254740993 WHERE id = 4`,
  },
  { what: 'a whole number and null', sql: `UPDATE t SET whole = NULL WHERE id = 4` },
  { what: 'a whole number that is a date', sql: `UPDATE t SET day = 20261127` },
])('$what still passes in a column', async ({ sql }) => {
  const { blocks, rows } = await captureAfter(sql);
  expect(inColumns(blocks)).toEqual([true, true]);
  expect(changesIn(blocks).map(({ values }) => values)).toEqual(rows);
});

test.each([
  { what: 'a real number in a column of whole ones', sql: `UPDATE t SET whole = 1.5 WHERE id = 4` },
  { what: 'words in a column of whole numbers', sql: `UPDATE t SET whole = 'x' WHERE id = 4` },
  { what: 'a real number in a column of dates', sql: `UPDATE t SET day = 2460000.5` },
  { what: 'whole numbers and words in one column', sql: `UPDATE t SET day = 5 WHERE id = 4` },
  { what: 'bytes in a column of words', sql: `UPDATE t SET words = x'00ff' WHERE id = 4` },
  { what: 'a long text', sql: `UPDATE t SET words = printf('%300d', 1) WHERE id = 4` },
  { what: 'a deletion', sql: `DELETE FROM t WHERE id = 4` },
])('$what is read row by row, and only what is beside it', async ({ sql }) => {
  const { blocks, rows } = await captureAfter(sql);
  expect(inColumns(blocks).toSorted()).toEqual(sql.includes('WHERE') ? [false, true] : [false]);
  expect(changesIn(blocks).map(({ values }) => values)).toEqual(rows);
});

test('long rows make small blocks', async () => {
  const { blocks, rows } = await captureAfter(
    `UPDATE t SET words = printf('%250d', 1)`,
    `INSERT INTO t (id, words) WITH RECURSIVE i(n) AS (SELECT 5000 UNION ALL SELECT n + 1 FROM i WHERE n < 14999)
      SELECT n, printf('%250d', 1) FROM i`,
  );
  expect(inColumns(blocks)).not.toContain(false);
  expect(blocks.length).toBeGreaterThan(3);
  expect(changesIn(blocks).map(({ values }) => values)).toEqual(rows);
});
