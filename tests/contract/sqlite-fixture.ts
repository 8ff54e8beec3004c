import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import type { Business } from '../support/business';
import type { DatabaseFixture, SchemaName } from './database';

const SCHEMAS: Readonly<Record<SchemaName, string>> = {
  person: `CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, city TEXT, points INTEGER);
    INSERT INTO person VALUES (1, 'Anne', 'Lyon', 0), (2, 'Luc', 'Brest', 5)`,
  compositeKey: `CREATE TABLE line (label TEXT, line_no INTEGER, order_no INTEGER, PRIMARY KEY (order_no, line_no));
    INSERT INTO line VALUES ('first', 1, 1)`,
  textKey: `CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT); INSERT INTO country VALUES ('FR', 'France')`,
  keyOnly: `CREATE TABLE member (person INTEGER, club INTEGER, PRIMARY KEY (person, club));
    INSERT INTO member VALUES (1, 1)`,
  noKey: `CREATE TABLE "no key" (a INTEGER); INSERT INTO "no key" VALUES (1)`,
  awkwardNames: `CREATE TABLE "the ""order""" ("é key" INTEGER PRIMARY KEY, "select" TEXT, [two words] TEXT);
    INSERT INTO "the ""order""" VALUES (1, 'a', 'b')`,
  values: `CREATE TABLE sample (id INTEGER PRIMARY KEY, big INTEGER, real REAL, text TEXT, bytes BLOB)`,
  family: `CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id));
    INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (1, 1)`,
  unique: `CREATE TABLE badge (id INTEGER PRIMARY KEY, code TEXT UNIQUE, owner TEXT);
    INSERT INTO badge VALUES (1, 'A', 'Anne'), (2, 'B', 'Luc')`,
  businessTrigger: `CREATE TABLE audited (id INTEGER PRIMARY KEY, label TEXT);
    CREATE TABLE audit (id INTEGER PRIMARY KEY, audited INTEGER);
    CREATE TRIGGER zz_first AFTER INSERT ON Audited BEGIN INSERT INTO audit (audited) VALUES (NEW.id); END;
    CREATE TRIGGER aa_second AFTER UPDATE ON audited WHEN NEW.label = "x" BEGIN
      INSERT INTO audit (audited) VALUES ("never"); END`,
  computedColumn: `CREATE TABLE computed (
      id INTEGER PRIMARY KEY, twice INTEGER GENERATED ALWAYS AS (price * 2) STORED, price INTEGER);
    INSERT INTO computed (id, price) VALUES (1, 5)`,
};

export interface SqliteFixture extends DatabaseFixture {
  readonly path: string;
  readonly business: Business;
}

export async function makeSqliteFixture(
  openBusiness: (path: string) => Business,
  schema?: string,
): Promise<SqliteFixture> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'contract-'));
  const path = join(folder, 'business.db');
  writeFileSync(path, '');
  const business = openBusiness(path);
  if (schema !== undefined) business.run(schema);
  const opened: Database[] = [await openSqlite(path)];
  return {
    path,
    business,
    enforcesForeignKeys: false,
    // Not in one statement, but the product has another way here.
    swapsUniqueValues: () => Promise.resolve(true),
    database: opened[0] ?? (await openSqlite(path)),
    copy: async () => {
      const copy = join(folder, 'copy.db');
      for (const suffix of ['', '-wal']) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
      }
      const database = await openSqlite(copy);
      opened.push(database);
      return database;
    },
    create: (name) => later(() => business.run(SCHEMAS[name])),
    run: (...statements) => later(() => business.run(...statements)),
    runAndRollBack: (...statements) =>
      later(() => business.run(['BEGIN', ...statements, 'ROLLBACK'].join('; '))),
    addColumn: (table, column) => later(() => business.run(`ALTER TABLE ${table} ADD COLUMN ${column} TEXT`)),
    rows: (table, columns) => later(() => business.rows(table, columns)),
    bytes: (hex) => `x'${hex}'`,
    text: (content) => `'${content.replaceAll("'", "''")}'`,
    triggers: () =>
      later(() =>
        business.query(
          `SELECT name || ' ' || sql FROM sqlite_schema WHERE type = 'trigger' AND name NOT LIKE 'sync$%' ORDER BY rowid`,
        ),
      ),
    close: async () => {
      business.close();
      for (const database of opened) await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** SQLite answers at once; the suite awaits. */
async function later<T>(work: () => T): Promise<T> {
  return await Promise.resolve().then(work);
}
