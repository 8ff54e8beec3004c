import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Connection, databaseError } from '../../../src/database/sqlite/connection';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'synchro-connection-'));
  path = join(folder, 'rows.db');
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  database.exec(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, 'row ' || i FROM n",
  );
  database.close();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A full garbage collection, now, with what native code does at the end of one. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  await new Promise((resolve) => setImmediate(resolve));
}

test('rows can be read to the last one whatever is collected as garbage meanwhile', async () => {
  const connection = new Connection(path);
  let sum = 0n;
  for (const [id] of connection.iterate('SELECT id, text FROM t')) {
    if (typeof id === 'bigint') sum += id;
    if (Number(id) % 500 === 0) await collectGarbage();
  }
  connection.close();
  expect(sum).toBe((5000n * 5001n) / 2n);
});

test('a reading that is left early frees its statement, and the database closes', () => {
  const connection = new Connection(path);
  for (const [id] of connection.iterate('SELECT id FROM t')) if (id === 3n) break;
  connection.run('DROP TABLE t');
  connection.close();
  expect(() => connection.all('SELECT 1')).toThrow();
});

test.each([
  { errcode: 778, code: 'database.disk', retryable: true },
  { errcode: 14, code: 'database.disk', retryable: true },
  { errcode: 11, code: 'database.damaged', retryable: false },
  { errcode: 1032, code: 'database.readOnly', retryable: false },
  { errcode: 13, code: 'database.full', retryable: true },
])('result code $errcode of SQLite is $code', ({ errcode, ...expected }) => {
  expect(databaseError(Object.assign(new Error('of SQLite'), { errcode }), path)).toMatchObject(expected);
});
