import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CommandLine } from '../support/command-line';
import { Installations, type InstallationsOptions } from '../support/installations';

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await CommandLine.build();
});
afterAll(() => commandLine.end());

/** A night: what each post's application does, by name. */
type Night = Readonly<Record<string, readonly string[]>>;

interface Story extends Omit<InstallationsOptions, 'sites'> {
  readonly name: string;
  readonly nights: readonly Night[];
  /** Of the table, in every database after the last night. */
  readonly expected: Readonly<Record<string, readonly string[]>>;
}

const ODD: Story = {
  name: 'odd names, composite text keys without rowid, blobs and numbers at their limits',
  foreignKeysAt: ['lyon'],
  schema: `
    CREATE TABLE "Tarif ""spécial""" (
      "code postal" TEXT COLLATE NOCASE, "order" TEXT, "prix €" REAL, "photo [1]" BLOB, grand INTEGER, [group] ANY,
      PRIMARY KEY ("code postal", "order")) WITHOUT ROWID;
    CREATE TABLE "select" (clé BLOB PRIMARY KEY NOT NULL, "code postal" TEXT COLLATE NOCASE, "order" TEXT,
      FOREIGN KEY ("code postal", "order") REFERENCES "Tarif ""spécial""" ON UPDATE CASCADE ON DELETE CASCADE);
    CREATE TABLE strict_one (id INTEGER PRIMARY KEY, note TEXT DEFAULT 'a''b', double INTEGER AS (id * 2) STORED) STRICT;
    INSERT INTO "Tarif ""spécial""" VALUES
      ('69001', 'a', 1.5, x'00ff', 9007199254740993, 1), ('69001', 'b', -0.0, NULL, -9223372036854775808, '1'),
      ('Zé', '', 1e308, x'', 9223372036854775807, 1.0), ('75001', 'a', 2, x'01', 0, x'31');
    INSERT INTO "select" VALUES (x'00', '69001', 'a'), (x'0001', 'zé', ''), (x'02', '75001', 'a');
    INSERT INTO strict_one (id, note) VALUES (1, 'un'), (2, char(10) || '"'), (9007199254740993, NULL);`,
  nights: [
    {
      hub: [
        `UPDATE "Tarif ""spécial""" SET "prix €" = 0.1 + 0.2 WHERE "order" = 'a' AND "code postal" = '69001'`,
        `INSERT INTO "select" VALUES (zeroblob(70000), '69001', 'b')`,
      ],
      lyon: [
        `UPDATE "Tarif ""spécial""" SET "code postal" = 'ZÉ' WHERE "code postal" = 'zé'`,
        `UPDATE "Tarif ""spécial""" SET [group] = 1.0, grand = -grand - 1 WHERE "code postal" = '69001'`,
        `DELETE FROM "Tarif ""spécial""" WHERE "code postal" = '75001'`,
      ],
      paris: [
        `INSERT INTO strict_one (id, note) VALUES (-5, '🎂' || char(0) || 'x'), (3, '')`,
        `UPDATE strict_one SET id = 30 WHERE id = 2`,
      ],
    },
    {
      hub: [`DELETE FROM strict_one WHERE id = 3`],
      lyon: [`INSERT OR REPLACE INTO "select" VALUES (x'00', NULL, NULL)`],
      paris: [
        `UPDATE "Tarif ""spécial""" SET "photo [1]" = randomblob(100000) WHERE "order" = 'b'`,
        `INSERT INTO strict_one (id) VALUES (4)`,
      ],
    },
  ],
  expected: {
    strict_one: [
      `-10 -5 text F09F8E820078`,
      `18014398509481986 9007199254740993 NULL`,
      `2 1 'un'`,
      `60 30 '\n"'`,
      `8 4 'a''b'`,
    ],
  },
};

const CYCLES: Story = {
  name: 'tables that refer to each other and to themselves, cascades, business triggers',
  foreignKeysAt: ['hub', 'paris'],
  schema: `
    CREATE TABLE department (id INTEGER PRIMARY KEY, name TEXT, staff INTEGER NOT NULL DEFAULT 0,
      head INTEGER REFERENCES employee DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE employee (id INTEGER PRIMARY KEY, name TEXT,
      department INTEGER REFERENCES department ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
      boss INTEGER REFERENCES employee ON DELETE SET NULL);
    CREATE TABLE diary (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT);
    CREATE VIEW heads AS SELECT d.name, e.name AS head FROM department d JOIN employee e ON e.id = d.head;
    CREATE TRIGGER hired AFTER INSERT ON employee BEGIN
      UPDATE department SET staff = staff + 1 WHERE id = NEW.department;
      INSERT INTO diary (id, line) VALUES (NEW.id * 10, 'hired ' || NEW.name);
    END;
    CREATE TRIGGER left AFTER DELETE ON employee BEGIN
      UPDATE department SET staff = staff - 1 WHERE id = OLD.department;
    END;
    CREATE TRIGGER kept BEFORE DELETE ON department WHEN OLD.name = 'kept' BEGIN SELECT RAISE(ABORT, 'kept'); END;
    INSERT INTO department (id, name) VALUES (1, 'kept'), (2, 'sales'), (3, 'lab');
    INSERT INTO employee VALUES (1, 'Ann', 1, NULL), (2, 'Bob', 2, 1), (3, 'Cid', 3, 1), (4, 'Dan', 3, 4);
    UPDATE department SET head = id;`,
  nights: [
    {
      hub: [
        `BEGIN; INSERT INTO department VALUES (4, 'legal', 0, 40); INSERT INTO employee VALUES (40, 'Eve', 4, 3); COMMIT`,
      ],
      lyon: [
        `INSERT INTO employee VALUES (50, 'Fay', 2, 51), (51, 'Gus', 2, 50)`,
        `UPDATE employee SET boss = 51 WHERE id = 2`,
      ],
      paris: [
        `BEGIN; UPDATE department SET head = NULL WHERE id = 3; DELETE FROM department WHERE id = 3; COMMIT`,
        `UPDATE employee SET name = 'Anna' WHERE id = 1`,
      ],
    },
    {
      lyon: [`DELETE FROM employee WHERE id = 40`, `UPDATE department SET head = 50 WHERE id = 4`],
      paris: [`UPDATE department SET id = 20 WHERE id = 2`],
    },
  ],
  expected: {},
};

const UNIQUE: Story = {
  name: 'unique values that change places, checks, generated keys',
  foreignKeysAt: ['hub', 'lyon', 'paris'],
  schema: `
    CREATE TABLE seat (id INTEGER PRIMARY KEY, row_number INTEGER NOT NULL, place INTEGER NOT NULL CHECK (place > 0),
      holder TEXT UNIQUE, UNIQUE (row_number, place));
    CREATE TABLE ticket (number INTEGER PRIMARY KEY AUTOINCREMENT, seat INTEGER REFERENCES seat, price DECIMAL(10,2));
    CREATE UNIQUE INDEX one_paid ON ticket (seat) WHERE price > 0;
    INSERT INTO seat VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b'), (3, 1, 3, 'c'), (4, 2, 1, NULL), (5, 2, 2, NULL);
    INSERT INTO ticket VALUES (1, 1, 9.9), (2, 2, 0), (3, 2, 12.5);`,
  nights: [
    {
      hub: [
        `BEGIN; UPDATE seat SET holder = NULL; UPDATE seat SET holder = CASE id WHEN 1 THEN 'b' WHEN 2 THEN 'c' WHEN 3 THEN 'a' END; COMMIT`,
      ],
      lyon: [
        `BEGIN; UPDATE seat SET place = place + 100 WHERE row_number = 2; UPDATE seat SET place = 103 - place WHERE row_number = 2; COMMIT`,
        `INSERT INTO ticket (seat, price) VALUES (4, 3)`,
      ],
      paris: [
        `BEGIN; UPDATE ticket SET price = 0 WHERE number = 3; UPDATE ticket SET price = 1 WHERE number = 2; COMMIT`,
        `INSERT INTO ticket VALUES (2000, 5, 4)`,
      ],
    },
    {
      hub: [`INSERT INTO ticket VALUES (3000, 3, 7)`],
      lyon: [`INSERT INTO ticket VALUES (4000, 3, 8)`],
      paris: [`UPDATE seat SET holder = 'd' WHERE id = 4`, `INSERT INTO seat VALUES (6, 3, 1, 'e')`],
    },
  ],
  expected: {
    seat: [`'a' 3 3 1`, `'b' 1 1 1`, `'c' 2 2 1`, `'d' 4 2 2`, `'e' 6 1 3`, `NULL 5 1 2`],
  },
};

describe.concurrent('any schema', () => {
  test.each([ODD, CYCLES, UNIQUE])(
    '$name',
    { timeout: 120_000 },
    async ({ name, nights, expected, ...options }) => {
      const company = await Installations.open(commandLine, name.slice(0, 4), {
        ...options,
        sites: ['lyon', 'paris'],
      });
      for (const night of nights) {
        for (const [post, statements] of Object.entries(night)) company.at(post, ...statements);
        expect(await company.synchronise()).toEqual({ hub: 0, lyon: 0, paris: 0 });
        const hub = company.contents('hub');
        expect(company.contents('lyon')).toEqual(hub);
        expect(company.contents('paris')).toEqual(hub);
      }
      expect(company.contents('hub')).toMatchObject(expected);
      expect(Object.values(company.contents('hub')).flat().length).toBeGreaterThan(5);
      for (const { name: post } of company.posts)
        expect(await company.json(post, 'status')).toMatchObject({ pending: 0 });
      company.close();
    },
  );
});
