import { additiveIn } from '../../src/database/additive';
import type { Database } from '../../src/database/port';
import { openMssql } from '../../src/database/mssql/database';
import { makeMssqlDatabase, type MssqlBusiness } from '../support/mssql-business';
import type { DatabaseFixture, SchemaName } from './database';

/** Statements that must each be a batch of their own. */
const SCHEMAS: Readonly<Record<SchemaName, readonly string[]>> = {
  person: [
    `CREATE TABLE person (id int IDENTITY PRIMARY KEY, name nvarchar(50), city nvarchar(50), points int)`,
    `SET IDENTITY_INSERT person ON`,
    `INSERT INTO person (id, name, city, points) VALUES (1, 'Anne', 'Lyon', 0), (2, 'Luc', 'Brest', 5)`,
  ],
  compositeKey: [
    `CREATE TABLE line (label nvarchar(20), line_no int, order_no int, PRIMARY KEY (order_no, line_no))`,
    `INSERT INTO line VALUES ('first', 1, 1)`,
  ],
  textKey: [
    `CREATE TABLE country (code nvarchar(10) PRIMARY KEY, name nvarchar(50))`,
    `INSERT INTO country VALUES ('FR', 'France')`,
  ],
  keyOnly: [
    `CREATE TABLE member (person int, club int, PRIMARY KEY (person, club))`,
    `INSERT INTO member VALUES (1, 1)`,
  ],
  noKey: [`CREATE TABLE [no key] (a int)`, `INSERT INTO [no key] VALUES (1)`],
  awkwardNames: [
    `CREATE TABLE "the ""order""" ("é key" int PRIMARY KEY, "select" nvarchar(20), [two words] nvarchar(20))`,
    `INSERT INTO "the ""order""" VALUES (1, 'a', 'b')`,
  ],
  values: [
    `CREATE TABLE sample (id int PRIMARY KEY, big bigint, real float, text nvarchar(max), bytes varbinary(max))`,
  ],
  family: [
    `CREATE TABLE parent (id int PRIMARY KEY, name nvarchar(20))`,
    `CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent (id))`,
    `INSERT INTO parent VALUES (1, 'p')`,
    `INSERT INTO child VALUES (1, 1)`,
  ],
  unique: [
    `CREATE TABLE badge (id int PRIMARY KEY, code nvarchar(20) UNIQUE, owner nvarchar(20))`,
    `INSERT INTO badge VALUES (1, 'A', 'Anne'), (2, 'B', 'Luc')`,
  ],
  businessTrigger: [
    `CREATE TABLE audited (id int PRIMARY KEY, label nvarchar(20))`,
    `CREATE TABLE audit (id int IDENTITY PRIMARY KEY, audited int)`,
    `CREATE TRIGGER zz_first ON audited AFTER INSERT AS INSERT INTO audit (audited) SELECT id FROM inserted`,
    `CREATE TRIGGER aa_second ON audited AFTER UPDATE AS INSERT INTO audit (audited) SELECT -id FROM inserted`,
  ],
  computedColumn: [
    `CREATE TABLE computed (id int PRIMARY KEY, twice AS (price * 2), price int)`,
    `INSERT INTO computed (id, price) VALUES (1, 5)`,
  ],
};

export interface MssqlFixture extends DatabaseFixture {
  readonly business: MssqlBusiness;
}

export async function makeMssqlFixture(): Promise<MssqlFixture> {
  const business = await makeMssqlDatabase();
  const database = await openMssql(business.address);
  const made: SchemaName[] = [];
  const copies: { readonly business: MssqlBusiness; readonly database: Database }[] = [];
  return {
    business,
    database,
    enforcesForeignKeys: true,
    swapsUniqueValues: async () => {
      const swap = `UPDATE badge SET code = CASE code WHEN 'A' THEN 'B' ELSE 'A' END`;
      await business.run('BEGIN TRANSACTION');
      const done = await business.run(swap).then(
        () => true,
        () => false,
      );
      await business.run('ROLLBACK TRANSACTION');
      return done;
    },
    copy: async () => {
      const copy = await copyOf(business, database, made);
      copies.push(copy);
      return copy.database;
    },
    create: async (name) => {
      made.push(name);
      await business.run(...SCHEMAS[name]);
    },
    run: (...statements) => business.run(...statements),
    runAndRollBack: async (...statements) => {
      await business.run('BEGIN TRANSACTION', ...statements, 'ROLLBACK TRANSACTION');
    },
    addColumn: async (table, column) => {
      await business.run(`ALTER TABLE ${table} ADD ${column} nvarchar(50)`);
    },
    rows: async (table, columns) => {
      const rows = await business.query(
        `SELECT ${columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(', ')} FROM "${table.replaceAll('"', '""')}"`,
      );
      return rows.map((row) => row.map(asSql).join(' ')).sort();
    },
    bytes: (hex) => `0x${hex}`,
    text: (content) => `N'${content.replaceAll("'", "''")}'`,
    triggers: async () => {
      const rows = await business.query(
        "SELECT name, is_disabled FROM sys.triggers WHERE parent_class = 1 AND name NOT LIKE 'sync$%' ORDER BY name",
      );
      return rows.map((row) => row.map(String).join(' '));
    },
    close: async () => {
      await database.close();
      await business.drop();
      for (const copy of copies) {
        await copy.database.close();
        await copy.business.drop();
      }
    },
  };
}

const asSql = (value: unknown): string => {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return typeof value === 'number' ? String(value) : '?';
};

/** What a restored backup would be: the same tables, the same tracking, the same rows in all of them. */
async function copyOf(
  from: MssqlBusiness,
  database: Database,
  schemas: readonly SchemaName[],
): Promise<{ business: MssqlBusiness; database: Database }> {
  const business = await makeMssqlDatabase();
  for (const name of schemas) await business.run(...SCHEMAS[name]);
  const copy = await openMssql(business.address);
  const state = await database.state();
  if (state !== null) await copy.prepare({ id: state.installation, role: state.role });
  const additive = additiveIn((await database.catalogue()).tables);
  if (state !== null && Object.keys(additive).length > 0) {
    await copy.declareAdditive(additive);
    await copy.prepare({ id: state.installation, role: state.role });
  }
  const tables = await from.query(
    "SELECT s.name, t.name FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id WHERE s.name = 'sync'",
  );
  for (const [schema, name] of tables) {
    const table = `${String(schema)}.${String(name)}`;
    await business.run(`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM ${from.name}.${table}`);
  }
  return { business, database: copy };
}
