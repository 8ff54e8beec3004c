import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import type { Block, Change, Value } from '../../src/batch/block';
import { openSqlite } from '../../src/database/sqlite/database';
import { openBusiness, type BusinessOptions } from '../support/business';
import { makeSqliteFixture, type SqliteFixture } from './sqlite-fixture';

const open: SqliteFixture[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

async function prepared(schema: string, options: BusinessOptions = {}): Promise<SqliteFixture> {
  const fixture = await makeSqliteFixture((path) => openBusiness(path, options), schema);
  open.push(fixture);
  await fixture.database.prepare({ id: fixture.path, role: 'site' });
  return fixture;
}

async function captured({ database }: SqliteFixture): Promise<Block[]> {
  const { tables } = await database.catalogue();
  const number = ((await database.state())?.lastMarked ?? 0) + 1;
  const blocks: Block[] = [];
  for await (const { block } of database.capture(
    number,
    tables.map(({ name }) => name),
  ))
    blocks.push(block);
  return blocks;
}

async function changes(fixture: SqliteFixture): Promise<string[]> {
  return (await captured(fixture)).flatMap(({ changes: all }) =>
    all.map(({ op, values }) => `${op} ${values.map(String).join(' ')}`),
  );
}

async function* streamOf(blocks: readonly Block[]): AsyncGenerator<Block> {
  for (const block of blocks) yield await Promise.resolve(block);
}

async function apply({ database }: SqliteFixture, blocks: readonly Block[]): Promise<void> {
  await database.stage(streamOf(blocks), { clockOffset: 0 });
  await database.transaction(async (transaction) => {
    expect(await transaction.apply({ at: 'site', included: 0 })).toEqual([]);
  });
}

async function contents({ database, business }: SqliteFixture): Promise<Record<string, string[]>> {
  const { tables } = await database.catalogue();
  return Object.fromEntries(tables.map(({ name, columns }) => [name, business.rows(name, columns)]));
}

/** What is done to one database arrives in another that was like it. */
async function expectToArrive(
  schema: string,
  statements: readonly string[],
  options: BusinessOptions = {},
): Promise<void> {
  const here = await prepared(schema, options);
  const there = await prepared(schema, options);
  // Each statement travels alone, and all of them together to a third.
  const third = await prepared(schema, options);
  const together = await prepared(schema, options);
  for (const statement of statements) {
    await here.run(statement);
    await together.run(statement);
    await apply(there, await captured(here));
    expect(await contents(there), statement).toEqual(await contents(here));
  }
  await apply(third, await captured(together));
  expect(await contents(third)).toEqual(await contents(together));
  expect(await third.database.pending()).toBe(0);
}

test('a staged row is doubted for the type, the case and the last byte of each value, and for nothing else', async () => {
  const fixture = await prepared(
    `CREATE TABLE t (id INTEGER, name TEXT COLLATE NOCASE, size REAL, v, PRIMARY KEY (id, name));
     INSERT INTO t VALUES (1, 'a', 1, 1), (2, 'a', 1, 1), (3, 'a', 1, 1), (4, 'a', 1, NULL), (5, 'a', 1, x'0001'),
       (6, 'a', 1, 'a' || char(0) || 'b'), (7, 'a', 1, 'a' || char(0) || 'b')`,
  );
  const rows: Value[][] = [
    [1n, 'A', 1, 1n],
    [2n, 'a', 1n, 1n],
    [3n, 'a', 1, '1'],
    [4n, 'a', 1, null],
    [5n, 'a', 1, new Uint8Array([0, 1])],
    [6n, 'a', 1, 'a\0c'],
    [7n, 'a', 1, 'a\0b'],
    [8n, 'a', 1, 1n],
  ];
  const changes = rows.map((values): Change => ({
    op: 'U',
    marks: '0111',
    changedAt: 0,
    base: null,
    values,
  }));
  const block = { table: 't', columns: ['id', 'name', 'size', 'v'], keyCount: 2, changes };
  const { database } = fixture;
  await database.stage(streamOf([block]), { clockOffset: 0 });
  const doubtful = await database.transaction((transaction) => transaction.doubtful('t', 0, 10));
  expect(doubtful.map(({ values }) => values[0])).toEqual([1n, 2n, 3n, 6n, 8n]);
});

test('changes are staged in their order, whatever they hold and however many they are', async () => {
  const fixture = await prepared(`CREATE TABLE t (id INTEGER PRIMARY KEY, v)`);
  const changes = Array.from({ length: 150 }, (_, at): Change => {
    const v = at % 40 === 30 ? 'a\0b' : at;
    return { op: 'I', marks: '11', changedAt: at, base: at % 40 === 20 ? 0 : null, values: [BigInt(at), v] };
  });
  const block = { table: 't', columns: ['id', 'v'], keyCount: 1, changes };
  await fixture.database.stage(streamOf([block]), { clockOffset: 1 });
  const staged = await fixture.database.transaction((transaction) => transaction.staged('t', 0, 1000));
  expect(staged.map(({ values }) => values)).toEqual(changes.map(({ values }) => values));
  expect(staged.map(({ changedAt }) => changedAt)).toEqual(changes.map(({ changedAt }) => changedAt + 1));
});

describe('what is written in one database arrives in another', () => {
  test.each<{ name: string; schema: string; statements: string[]; foreignKeys?: boolean }>([
    {
      name: 'WITHOUT ROWID',
      schema: `CREATE TABLE t (b TEXT, a INTEGER, c, PRIMARY KEY (a DESC, b)) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1, 2)`,
      statements: [
        `UPDATE t SET c = 3`,
        `INSERT INTO t VALUES ('y', 1, NULL)`,
        `UPDATE t SET a = 9 WHERE b = 'y'`,
        `DELETE FROM t WHERE b = 'x'`,
      ],
    },
    {
      name: 'STRICT',
      schema: `CREATE TABLE t (id TEXT PRIMARY KEY, a ANY, i INT, b BLOB, r REAL) STRICT`,
      statements: [
        `INSERT INTO t VALUES ('1', '1', 1, x'00', 1), ('2', 1, NULL, NULL, NULL), ('3', 1.0, 2, x'', 0.5), ('4', x'31', 2, NULL, 1e308)`,
        `UPDATE t SET a = 1 WHERE id = '1'`,
        `UPDATE t SET a = '1' WHERE id = '2'`,
        `UPDATE t SET a = 1 WHERE id = '3'`,
      ],
    },
    {
      name: 'keys of type ANY in a strict table',
      schema: `CREATE TABLE t (k ANY PRIMARY KEY, v) STRICT`.replace(', v)', ', v ANY)'),
      statements: [
        `INSERT INTO t VALUES (1, 'a'), ('1', 'b'), (x'31', 'c'), (2.5, 'd')`,
        `UPDATE t SET v = 'e' WHERE k = '1'`,
        `DELETE FROM t WHERE k = 1`,
        `UPDATE t SET k = 2 WHERE k = 2.5`,
      ],
    },
    {
      name: 'columns without a type, where 1, 1.0 and text differ',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, v)`,
      statements: [
        `INSERT INTO t VALUES (1, 1), (2, 1.0), (3, '1'), (4, x'31'), (5, NULL), (6, ''), (7, x''), (8, 9007199254740993), (9, 9e999), (10, -9223372036854775808)`,
        `UPDATE t SET v = 1.0 WHERE id = 1`,
        `UPDATE t SET v = 1 WHERE id = 2`,
        `UPDATE t SET v = '1' WHERE id = 4`,
        `UPDATE t SET v = '' WHERE id = 5`,
        `UPDATE t SET v = NULL WHERE id = 6`,
        `UPDATE t SET v = -9e999 WHERE id = 9`,
      ],
    },
    {
      name: 'a key without a type, alone',
      schema: `CREATE TABLE t (k PRIMARY KEY)`,
      statements: [
        `INSERT INTO t VALUES (1), ('1'), (x'31')`,
        `UPDATE t SET k = 1.0 WHERE k = 1`,
        `DELETE FROM t WHERE k = '1'`,
      ],
    },
    {
      name: 'every affinity',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, n NUMERIC, d DECIMAL(10,2), f FLOAT, c CHAR(3), dt DATETIME, bo BOOLEAN, bl "LONG BLOB")`,
      statements: [
        `INSERT INTO t VALUES (1, '1.0', '12.50', 1, 5, '2026-01-01', 1, '1'), (2, 'x', 'x', 'x', x'00', 3.5, 'yes', 1.0)`,
        `UPDATE t SET n = 1.5, d = 3, f = 1.5, c = 5.0, dt = 4, bo = 0, bl = 1`,
      ],
    },
    {
      name: 'text with a NUL in it, in keys too',
      schema: `CREATE TABLE t (k TEXT PRIMARY KEY, v, u TEXT UNIQUE)`,
      statements: [
        `INSERT INTO t VALUES ('a', CAST(x'610062' AS TEXT), '1'), (CAST(x'6b0031' AS TEXT), 'x', CAST(x'00' AS TEXT)), (CAST(x'6b0032' AS TEXT), 'y', '3')`,
        `UPDATE t SET v = CAST(x'610063' AS TEXT) WHERE k = 'a'`,
        `UPDATE t SET v = 'z' WHERE k = CAST(x'6b0031' AS TEXT)`,
        `DELETE FROM t WHERE k = CAST(x'6b0032' AS TEXT)`,
      ],
    },
    {
      name: 'a database in UTF-16',
      schema: `PRAGMA encoding = 'UTF-16'; CREATE TABLE t (k TEXT PRIMARY KEY, v)`,
      statements: [
        `INSERT INTO t VALUES ('é🏖', 'ü' || char(0) || 'é🏖'), ('k' || char(0), NULL)`,
        `UPDATE t SET v = char(0) WHERE k = 'k' || char(0)`,
        `DELETE FROM t WHERE k = 'é🏖'`,
      ],
    },
    {
      name: 'keys without regard to case or to spaces at the end',
      schema: `CREATE TABLE t (k TEXT COLLATE NOCASE, r TEXT COLLATE RTRIM, v, PRIMARY KEY (k, r)); INSERT INTO t VALUES ('a', 'x', 1)`,
      statements: [
        `UPDATE t SET k = 'A'`,
        `UPDATE t SET r = 'x  '`,
        `UPDATE t SET v = 2`,
        `INSERT OR REPLACE INTO t VALUES ('a', 'x', 3)`,
        `UPDATE t SET k = 'b'`,
      ],
    },
    {
      name: 'a key alone, without regard to case',
      schema: `CREATE TABLE t (k TEXT PRIMARY KEY COLLATE NOCASE) WITHOUT ROWID; INSERT INTO t VALUES ('a')`,
      statements: [`UPDATE t SET k = 'A'`, `UPDATE t SET k = 'B'`],
    },
    {
      name: 'a unique value that moves from row to row',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, v); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, NULL, 3)`,
      statements: [
        `UPDATE t SET u = 'tmp' WHERE id = 1; UPDATE t SET u = 'a' WHERE id = 2; UPDATE t SET u = 'b' WHERE id = 1`,
        `DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (4, 'b', 4)`,
        `UPDATE t SET id = 9 WHERE id = 2`,
      ],
    },
    {
      name: 'INSERT OR REPLACE and its victims',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, a, b, v, UNIQUE (a, b)); INSERT INTO t VALUES (1, 'a', 1, 1, 'x'), (2, 'b', 1, 2, 'y'), (3, 'c', 2, 2, 'z'), (4, NULL, NULL, 1, 'w')`,
      statements: [
        `INSERT OR REPLACE INTO t VALUES (9, 'a', 1, 2, 'two victims')`,
        `INSERT OR REPLACE INTO t VALUES (3, 'c', 7, 7, 'itself')`,
        `REPLACE INTO t VALUES (4, NULL, NULL, 1, 'nulls clash with nothing')`,
        `UPDATE OR REPLACE t SET u = 'c' WHERE id = 9`,
        `UPDATE OR REPLACE t SET id = 4 WHERE id = 9`,
        `INSERT OR IGNORE INTO t VALUES (8, 'c', 5, 5, 'ignored')`,
        `INSERT INTO t VALUES (8, 'c', 5, 5, 'upsert') ON CONFLICT (u) DO UPDATE SET v = excluded.v, a = 77`,
        `INSERT INTO t VALUES (8, 'c', 5, 5, 'nothing') ON CONFLICT DO NOTHING`,
      ],
    },
    {
      name: 'INSERT OR REPLACE of a row that others refer to, and its victims',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, boss INTEGER REFERENCES t (id) ON DELETE SET NULL); INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', 1), (3, 'd', 1), (4, 'c', 2)`,
      statements: [
        `INSERT OR REPLACE INTO t VALUES (1, 'c', 2)`,
        `UPDATE OR REPLACE t SET u = 'b' WHERE id = 3`,
      ],
      foreignKeys: true,
    },
    {
      name: 'REPLACE of two rows, one of which others refer to and are set to null in between',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, boss INTEGER REFERENCES t (id) ON DELETE SET NULL);
        INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', 2), (5, 'e', 6), (6, 'f', NULL)`,
      statements: [
        `INSERT OR REPLACE INTO t VALUES (2, 'a', NULL)`,
        `INSERT OR REPLACE INTO t VALUES (6, 'e', NULL)`,
        `INSERT INTO t VALUES (9, 'c', NULL) ON CONFLICT (u) DO UPDATE SET boss = 2; UPDATE OR REPLACE t SET id = 2, u = 'e' WHERE id = 3`,
      ],
      foreignKeys: true,
    },
    {
      name: 'UNIQUE ON CONFLICT REPLACE',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, u TEXT UNIQUE ON CONFLICT REPLACE, v NOT NULL ON CONFLICT REPLACE DEFAULT 'd'); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)`,
      statements: [
        `INSERT INTO t VALUES (3, 'a', 3)`,
        `UPDATE t SET u = 'b' WHERE id = 3`,
        `INSERT INTO t VALUES (3, 'c', NULL)`,
      ],
    },
    {
      name: 'REPLACE through unique indexes on expressions, computed columns and parts of a table',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, g TEXT AS (substr(name, 1, 1)), kind TEXT, n INT);
        CREATE UNIQUE INDEX t_lower ON t (lower(name) COLLATE NOCASE DESC, (n + 1));
        CREATE UNIQUE INDEX t_g ON t (g, kind); CREATE UNIQUE INDEX t_part ON t (kind) WHERE n > 5;
        INSERT INTO t (id, name, kind, n) VALUES (1, 'Anne', 'a', 1), (2, 'Luc', 'b', 2), (3, 'Zoé', 'c', 9)`,
      statements: [
        `INSERT OR REPLACE INTO t (id, name, kind, n) VALUES (4, 'ANNE', 'z', 1)`,
        `INSERT OR REPLACE INTO t (id, name, kind, n) VALUES (5, 'Lea', 'b', 3)`,
        `INSERT OR REPLACE INTO t (id, name, kind, n) VALUES (6, 'Noé', 'c', 8)`,
        `UPDATE OR REPLACE t SET name = 'lea', n = 3 WHERE id = 6`,
      ],
    },
    {
      name: 'self references, in any order',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES t (id) ON DELETE SET NULL); INSERT INTO t VALUES (1, NULL), (2, 1), (3, 2)`,
      statements: [
        `INSERT INTO t VALUES (5, 5)`,
        `UPDATE t SET boss = 5`,
        `DELETE FROM t WHERE id = 5`,
        `UPDATE t SET boss = 3 WHERE id = 1; UPDATE t SET boss = 1 WHERE id = 3`,
        `DELETE FROM t`,
      ],
      foreignKeys: true,
    },
    {
      name: 'foreign keys in a circle',
      schema: `CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b DEFERRABLE INITIALLY DEFERRED);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)`,
      statements: [
        `BEGIN; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); COMMIT`,
        `BEGIN; DELETE FROM a; DELETE FROM b; COMMIT`,
      ],
      foreignKeys: true,
    },
    {
      name: 'ON DELETE CASCADE and ON UPDATE CASCADE over composite keys',
      schema: `CREATE TABLE p (a, b TEXT, v, PRIMARY KEY (a, b)); CREATE TABLE c (id INTEGER PRIMARY KEY, pa, pb TEXT, FOREIGN KEY (pa, pb) REFERENCES P (A, B) ON DELETE CASCADE ON UPDATE CASCADE);
        INSERT INTO p VALUES (1, 'x', 0), (2, 'y', 0); INSERT INTO c VALUES (1, 1, 'x'), (2, 2, 'y'), (3, NULL, 'x')`,
      statements: [`UPDATE p SET a = 5 WHERE a = 1`, `DELETE FROM p WHERE a = 2`, `DELETE FROM p`],
      foreignKeys: true,
    },
    {
      name: 'a reference to a unique column that is not the key',
      schema: `CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE); CREATE TABLE c (id INTEGER PRIMARY KEY, code TEXT REFERENCES p (code) ON UPDATE CASCADE ON DELETE SET NULL);
        INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (1, 'a'), (2, 'b')`,
      statements: [
        `UPDATE p SET code = 'z' WHERE id = 1`,
        `DELETE FROM p WHERE id = 2`,
        `INSERT INTO p VALUES (3, 'n'); INSERT INTO c VALUES (3, 'n')`,
      ],
      foreignKeys: true,
    },
    {
      name: 'orphans, made with foreign keys off',
      schema: `CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, code TEXT REFERENCES p (code));
        INSERT INTO p VALUES (1, 'a'); INSERT INTO c VALUES (1, 1, 'a')`,
      statements: [`INSERT INTO c VALUES (2, 77, 'nowhere')`, `DELETE FROM p`, `UPDATE c SET p = 78`],
    },
    {
      name: 'business triggers that write to the same table, and recursive ones',
      schema: `PRAGMA recursive_triggers = ON; CREATE TABLE t (id INTEGER PRIMARY KEY, v, touched INTEGER DEFAULT 0, u UNIQUE);
        CREATE TRIGGER touch AFTER UPDATE OF v ON t BEGIN UPDATE t SET touched = touched + 1 WHERE id = NEW.id; END;
        CREATE TRIGGER more AFTER INSERT ON t WHEN NEW.id < 4 BEGIN INSERT INTO t (id, v) VALUES (NEW.id + 1, 'made'); END`,
      statements: [
        `INSERT INTO t (id, v, u) VALUES (1, 'a', 'x')`,
        `UPDATE t SET v = 'b' WHERE id = 1`,
        `REPLACE INTO t (id, v, u) VALUES (8, 'c', 'x')`,
      ],
    },
    {
      name: 'views with INSTEAD OF triggers, full-text tables',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE VIEW w AS SELECT v FROM t;
        CREATE TRIGGER wi INSTEAD OF INSERT ON w BEGIN INSERT INTO t (v) VALUES (NEW.v); END;
        CREATE VIRTUAL TABLE search USING fts5(v, content='t', content_rowid='id')`,
      statements: [
        `INSERT INTO w VALUES ('through the view')`,
        `INSERT INTO search (rowid, v) SELECT id, v FROM t`,
      ],
    },
    {
      name: 'strings between double quotes in the schema',
      schema: `CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT DEFAULT "none" CHECK (s <> "bad"), g AS (s || "!"));
        CREATE UNIQUE INDEX ti ON t (s) WHERE s <> "none"`,
      statements: [`INSERT INTO t (id) VALUES (1)`, `UPDATE t SET s = 'x'`],
    },
    {
      name: 'names that need quotes, in another order',
      schema: `CREATE TABLE "t""'x$ y" ("group" TEXT, "é'è" INTEGER, "NEW" TEXT, "a.b" TEXT UNIQUE, "order" INTEGER, PRIMARY KEY ("order", "group"));
        CREATE TABLE [select] ("from" INTEGER PRIMARY KEY, "to" TEXT REFERENCES "t""'x$ y" ("a.b"))`,
      statements: [
        `INSERT INTO "t""'x$ y" VALUES ('g', 1, 'n', 'ab', 1)`,
        `INSERT INTO [select] VALUES (1, 'ab')`,
        `REPLACE INTO "t""'x$ y" VALUES ('h', 2, 'm', 'ab', 1)`,
      ],
    },
  ])('$name', async ({ schema, statements, foreignKeys = false }) => {
    await expectToArrive(schema, statements, { foreignKeys });
  });

  test('tables of a thousand columns', async () => {
    const columns = Array.from({ length: 1100 }, (_, at) => `c${String(at)}`);
    await expectToArrive(`CREATE TABLE t (id INTEGER PRIMARY KEY, ${columns.join(', ')})`, [
      `INSERT INTO t (id, c0) VALUES (1, 'a')`,
      `UPDATE t SET c1099 = 'z'`,
    ]);
  });
});

describe('what must not be logged', () => {
  test('a statement that was ignored, or that found its row taken', async () => {
    const fixture = await prepared(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE); INSERT INTO t VALUES (1, 'a')`,
    );
    await fixture.run(`INSERT OR IGNORE INTO t VALUES (2, 'a')`);
    await expect(fixture.run(`INSERT INTO t VALUES (3, 'a')`)).rejects.toThrow();
    expect(await changes(fixture)).toEqual([]);
  });

  test('a row that could have been replaced and later got another key', async () => {
    const fixture = await prepared(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, w TEXT UNIQUE); INSERT INTO t VALUES (1, 'a', 'x')`,
    );
    await fixture.run(
      `INSERT OR IGNORE INTO t VALUES (2, 'a', 'y')`,
      `UPDATE t SET id = 5, u = 'b' WHERE id = 1`,
      `INSERT INTO t VALUES (6, 'a', 'z')`,
    );
    expect(await fixture.database.pending()).toBe(3);
    expect((await changes(fixture)).sort()).toEqual(['D 1', 'I 5 b x', 'I 6 a z']);
  });

  test('rows that a unique index on an expression does not make victims', async () => {
    const fixture = await prepared(`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
      CREATE UNIQUE INDEX ti ON t (lower(name), (id / 10)); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    await fixture.run(`REPLACE INTO t VALUES (4, 'A')`);
    expect(await fixture.database.pending()).toBe(2);
    expect((await changes(fixture)).sort()).toEqual(['D 1', 'I 4 A']);
  });

  test('rows whose key is null, until they have one', async () => {
    const fixture = await prepared(`CREATE TABLE t (a TEXT, b TEXT, v, PRIMARY KEY (a, b))`);
    await fixture.run(`INSERT INTO t VALUES (NULL, 'x', 1)`, `UPDATE t SET v = 2`);
    expect(await changes(fixture)).toEqual([]);
    await fixture.run(`UPDATE t SET a = 'k'`);
    expect(await changes(fixture)).toEqual(['I k x 2']);
    await fixture.run(`UPDATE t SET b = NULL`);
    expect(await changes(fixture)).toEqual(['D k x']);
    await fixture.run(`DELETE FROM t`);
    expect(await changes(fixture)).toEqual([]);
  });
});

describe('the catalogue', () => {
  test('leaves out virtual tables with their shadows, tables without a key, and nullable keys that are null', async () => {
    const fixture = await prepared(`
      CREATE VIRTUAL TABLE search USING fts5(v); CREATE TABLE nokey (a); CREATE TABLE "null" (k TEXT PRIMARY KEY);
      INSERT INTO "null" VALUES (NULL); CREATE TABLE down (k INTEGER PRIMARY KEY DESC); INSERT INTO down VALUES (NULL);
      CREATE VIEW w AS SELECT 1; CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)`);
    const { tables, excluded } = await fixture.database.catalogue();
    expect(tables.map(({ name, generatedKey }) => [name, generatedKey])).toEqual([['t', true]]);
    expect(excluded).toEqual([
      { name: 'down', reason: 'nullKey' },
      { name: 'nokey', reason: 'noKey' },
      { name: 'null', reason: 'nullKey' },
      { name: 'search', reason: 'virtual' },
    ]);
  });

  test('has one fingerprint for columns in any order', async () => {
    const one = await prepared(`CREATE TABLE t (a TEXT, b INTEGER, id INTEGER PRIMARY KEY)`);
    const two = await prepared(`CREATE TABLE t (id integer PRIMARY KEY, b INTEGER, a TEXT)`);
    const other = await prepared(`CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, a TEXT)`);
    const fingerprints = await Promise.all(
      [one, two, other].map(async ({ database }) => (await database.catalogue()).tables[0]?.fingerprint),
    );
    expect(fingerprints[0]).toBe(fingerprints[1]);
    expect(fingerprints[0]).not.toBe(fingerprints[2]);
    await one.run(`INSERT INTO t VALUES ('x', 2, 1)`);
    await apply(two, await captured(one));
    expect(await two.rows('t', ['id', 'b', 'a'])).toEqual([`1 2 'x'`]);
  });
});

describe('schemas that change', () => {
  const PERSON = `CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'Anne'), (2, 'Luc')`;

  test('a table rebuilt under its own name is noticed, and all its rows are sent', async () => {
    const fixture = await prepared(PERSON);
    await fixture.run(`UPDATE person SET name = 'Ann' WHERE id = 1`, `DELETE FROM person WHERE id = 2`);
    await fixture.run(`BEGIN; CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> '')); INSERT INTO new SELECT * FROM person;
      DROP TABLE person; ALTER TABLE new RENAME TO person; INSERT INTO person VALUES (3, 'Zoé'); COMMIT`);
    expect((await fixture.database.catalogue()).tables[0]?.tracking).toBe('outdated');
    await fixture.database.prepare({ id: fixture.path, role: 'site' });
    expect((await changes(fixture)).sort()).toEqual(['D 2', 'U 1 Ann', 'U 3 Zoé']);
  });

  test('a column that another program makes after a merge is noticed without being asked for', async () => {
    const [here, there] = [await prepared(PERSON), await prepared(PERSON)];
    await here.run(`UPDATE person SET name = 'Ann' WHERE id = 1`);
    await apply(there, await captured(here));
    await there.run(`ALTER TABLE person ADD COLUMN city TEXT`);
    const other = await openSqlite(there.path);
    await other.prepare({ id: there.path, role: 'site' });
    await other.close();
    await there.run(`UPDATE person SET city = 'Metz' WHERE id = 2`);
    const values: (readonly Value[])[] = [];
    for await (const { block } of there.database.capture(1, ['person']))
      values.push(...block.changes.map((change) => change.values));
    expect(values).toEqual([[2n, 'Luc', 'Metz']]);
  });

  test('a parent that is brought back is written as what is merged is: no trigger of its table fires', async () => {
    const { database, ...fixture } = await prepared(`
      CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);
      CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent);
      CREATE TABLE audit (id INTEGER PRIMARY KEY, parent INTEGER);
      CREATE TRIGGER noted AFTER INSERT ON parent BEGIN INSERT INTO audit (parent) VALUES (NEW.id); END`);
    await fixture.run('DELETE FROM parent');
    const change: Change = { op: 'I', marks: '11', changedAt: 1, base: null, values: [2n, 1n] };
    const block: Block = { table: 'child', columns: ['id', 'parent'], keyCount: 1, changes: [change] };
    await database.stage(streamOf([block]), { clockOffset: 0 });
    await database.transaction(async (transaction) => {
      const [violation] = await transaction.apply({ at: 'hub', author: 1, base: 0 });
      if (violation?.kind !== 'missingParent') throw new Error('no parent is missing');
      expect(await transaction.restoreParent(violation.change, violation.foreignKey)).toBe(true);
      expect(await transaction.apply({ at: 'hub', author: 1, base: 0 })).toEqual([]);
    });
    expect(fixture.business.rows('parent', ['id'])).toEqual(['1']);
    expect(fixture.business.rows('audit', ['parent'])).toEqual([]);
  });

  test('a unique index that comes later is heeded', async () => {
    const fixture = await prepared(PERSON);
    await fixture.run(`CREATE UNIQUE INDEX by_name ON person (name)`);
    expect((await fixture.database.catalogue()).tables[0]?.tracking).toBe('outdated');
    await fixture.database.prepare({ id: fixture.path, role: 'site' });
    expect(await changes(fixture)).toEqual([]);
    await fixture.run(`REPLACE INTO person VALUES (9, 'Luc')`);
    expect((await changes(fixture)).sort()).toEqual(['D 2', 'I 9 Luc']);
  });

  test('a broken view or trigger of the application is in nobody’s way', async () => {
    const fixture =
      await prepared(`${PERSON}; CREATE TABLE gone (a); CREATE VIEW broken AS SELECT * FROM gone;
      CREATE TRIGGER lost AFTER INSERT ON person WHEN NEW.name = 'x' BEGIN INSERT INTO gone VALUES (1); END; DROP TABLE gone`);
    await fixture.run(
      `UPDATE person SET name = 'Ann' WHERE id = 1`,
      `ALTER TABLE person ADD COLUMN city TEXT DEFAULT "Lyon"`,
    );
    await fixture.run(`UPDATE person SET city = 'Metz' WHERE id = 2`);
    await fixture.database.prepare({ id: fixture.path, role: 'site' });
    const blocks = await captured(fixture);
    const there = await prepared(`CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
      CREATE TRIGGER lost AFTER UPDATE ON PERSON BEGIN INSERT INTO gone VALUES (1); END`);
    await apply(there, blocks);
    expect(await there.rows('person', ['id', 'name', 'city'])).toEqual([`1 'Ann' 'Lyon'`, `2 'Luc' 'Metz'`]);
    expect(await there.triggers()).toHaveLength(1);
  });

  test('a table that was dropped is forgotten', async () => {
    const fixture = await prepared(`${PERSON}; CREATE TABLE other (id INTEGER PRIMARY KEY)`);
    await fixture.run(`UPDATE person SET name = 'x'`, `DROP TABLE person`, `INSERT INTO other VALUES (1)`);
    await fixture.database.prepare({ id: fixture.path, role: 'site' });
    expect(await changes(fixture)).toEqual(['I 1']);
  });

  test('the journal mode comes back, even while the application has the database open', async () => {
    const fixture = await prepared(PERSON);
    await fixture.rows('person', ['id']);
    expect(fixture.business.query('PRAGMA journal_mode')).toEqual(['wal']);
    await fixture.database.unprepare();
    expect(fixture.business.query(`SELECT count(*) FROM sqlite_schema WHERE name LIKE '%sync$%'`)).toEqual([
      '0',
    ]);
    expect(fixture.business.query('PRAGMA journal_mode')).toEqual(['wal']);
    fixture.business.run(`UPDATE person SET name = 'x'`);
  });
});

/** Another thread of the application: a transaction a row, as fast as it can. */
const BUSY_APPLICATION = `
  const { workerData } = require('node:worker_threads');
  const { DatabaseSync } = require(workerData.sqlite);
  const database = new DatabaseSync(workerData.path, { timeout: 20000 });
  for (let id = 1; id <= workerData.rows; id += 1) {
    database.exec('BEGIN IMMEDIATE');
    database.exec('INSERT INTO t VALUES (' + id + ', 1)');
    database.exec('UPDATE t SET v = 2 WHERE id = ' + id);
    database.exec('COMMIT');
  }
  database.close();
`;

describe('other connections', () => {
  test('captures taken while the application writes have each of its transactions once and whole', async () => {
    const fixture = await prepared(`CREATE TABLE t (id INTEGER PRIMARY KEY, v)`);
    const rows = 1500;
    const sqlite = createRequire(import.meta.url).resolve('@photostructure/sqlite');
    const worker = new Worker(BUSY_APPLICATION, {
      eval: true,
      workerData: { sqlite, path: fixture.path, rows },
    });
    const ended = once(worker, 'exit');
    const seen: string[] = [];
    let captures = 0;
    for (let running = true; running; captures += 1) {
      running = await Promise.race([
        ended.then(() => false),
        new Promise<true>((go) => setImmediate(go, true)),
      ]);
      seen.push(...(await changes(fixture)));
    }
    expect(captures).toBeGreaterThan(3);
    expect(seen).toHaveLength(rows);
    expect(new Set(seen)).toEqual(new Set(Array.from({ length: rows }, (_, at) => `I ${String(at + 1)} 2`)));
  });

  test('a capture waits for a transaction under way, and has all of it or nothing', async () => {
    const fixture = await prepared(`CREATE TABLE t (id INTEGER PRIMARY KEY, v)`);
    await fixture.run(`BEGIN`, `INSERT INTO t VALUES (1, 'a')`);
    // Readers are never kept waiting, nor keep the capture from reading what is committed.
    const other = openBusiness(fixture.path);
    expect(other.rows('t', ['id'])).toEqual([]);
    await fixture.run(`INSERT INTO t VALUES (2, 'b')`, `COMMIT`);
    other.run(`BEGIN`);
    other.rows('t', ['id']);
    expect(await changes(fixture)).toEqual(['I 1 a', 'I 2 b']);
    other.run(`COMMIT`);
    other.close();
  });
});
