import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Block, Change, Value } from '../../src/batch/block';
import type { Expired } from '../../src/database/expired';
import type {
  CapturedBlock,
  Conflict,
  Database,
  JournalFilter,
  MergeTransaction,
  StagedChange,
  Table,
  Unseen,
} from '../../src/database/port';

const NOTHING_EXPIRED: Expired = { upTo: 0, except: [], conflictsBefore: 0 };

/** What the suite's databases are made of; each engine has its own DDL for these. */
export type SchemaName =
  /** `person` (id generated integer key, name text, city text, points integer), rows 1 Anne Lyon 0 and 2 Luc Brest 5. */
  | 'person'
  /** `line` (order_no integer, line_no integer: key in this order; label text), row 1 1 first. */
  | 'compositeKey'
  /** `country` (code text key, name text), row FR France. */
  | 'textKey'
  /** `member` (person integer, club integer: both the key, no other column), row 1 1. */
  | 'keyOnly'
  /** `no key` (a integer), row 1. */
  | 'noKey'
  /** `the "order"` (`é key` integer key, `select` text, `two words` text), row 1 a b. */
  | 'awkwardNames'
  /** `sample` (id integer key; big integer of 64 bits, real, text, bytes: all nullable), no row. */
  | 'values'
  /** `parent` (id integer key, name text), `child` (id integer key, parent references it), rows 1 p and 1 1. */
  | 'family'
  /** `badge` (id integer key, code text unique, owner text), rows 1 A Anne and 2 B Luc. */
  | 'unique'
  /** `audited` (id integer key, label text) and `audit` (id integer key, audited integer); a trigger writes the second. */
  | 'businessTrigger'
  /** `computed` (id integer key, price integer, twice: price times two, computed), row 1 5. */
  | 'computedColumn';

/** A database as the company's own application sees it, over a connection of its own. */
export interface DatabaseFixture {
  readonly database: Database;
  /** The database lets no row in that refers to nothing, whoever writes it. */
  readonly enforcesForeignKeys: boolean;
  /** One statement of the application can pass unique values of `badge` from row to row. */
  swapsUniqueValues(): Promise<boolean>;
  /** The same database once more, as another machine that copied it would open it. */
  copy(): Promise<Database>;
  create(schema: SchemaName): Promise<void>;
  run(...statements: string[]): Promise<void>;
  /** Runs them in one transaction and rolls it back. */
  runAndRollBack(...statements: string[]): Promise<void>;
  addColumn(table: string, column: string): Promise<void>;
  /** Rows as SQL text of each column in turn, in the order of these texts. */
  rows(table: string, columns: readonly string[]): Promise<string[]>;
  /** A literal of bytes, and one of any text. */
  bytes(hex: string): string;
  text(content: string): string;
  /** Names and texts of the business triggers, in the order they fire. */
  triggers(): Promise<string[]>;
  close(): Promise<void>;
}

const HUB = { id: 'the hub', role: 'hub' } as const;
const SITE = { id: 'a site', role: 'site' } as const;
const AT_SITE: Unseen = { at: 'site', included: 0 };
const atHub = (author: number, base = 0): Unseen => ({ at: 'hub', author, base });

/** What every implementation of the database port must do. */
export function databaseContract(name: string, makeFixture: () => Promise<DatabaseFixture>): void {
  describe(`the database port on ${name}`, () => {
    let fixture: DatabaseFixture;
    let database: Database;

    beforeEach(async () => {
      fixture = await makeFixture();
      database = fixture.database;
    });
    afterEach(() => fixture.close());

    async function open(schema: SchemaName, role: 'hub' | 'site' = 'site'): Promise<void> {
      await fixture.create(schema);
      await database.prepare(role === 'hub' ? HUB : SITE);
    }

    /** A conflict about row `id` of person: it is Anne here, and `name` with nine points at site 2. */
    const updateOf = (id: bigint, name: string): Conflict => ({
      table: 'person',
      columns: ['id', 'name', 'city', 'points'],
      keyCount: 1,
      key: [id],
      kind: 'update',
      rule: 'newest',
      winner: 0,
      loser: 2,
      winningRow: [id, 'Anne', 'Lyon', 0n],
      losingRow: [id, name, 'Lyon', 9n],
      winnerAt: 5,
      loserAt: 4,
      reason: null,
    });

    /** Writes it into the journal; its number there. */
    async function note(conflict: Conflict, { at = 10 } = {}): Promise<number> {
      await database.transaction((transaction) =>
        transaction.journal({ ...conflict, at, site: 2, batch: 3 }),
      );
      const [entry] = await database.conflicts(1);
      if (entry === undefined) throw new Error('the journal is empty');
      return entry.id;
    }

    async function tableOf(table: string): Promise<Table> {
      const found = (await database.catalogue()).tables.find((known) => known.name === table);
      if (found === undefined) throw new Error(`no table ${table}`);
      return found;
    }

    async function capture(number: number): Promise<CapturedBlock[]> {
      const { tables } = await database.catalogue();
      const blocks: CapturedBlock[] = [];
      for await (const block of database.capture(
        number,
        tables.map(({ name: table }) => table),
      ))
        blocks.push(block);
      return blocks;
    }

    /** Captured changes, each as `op marks values`. */
    async function captured(number: number): Promise<string[]> {
      return (await capture(number)).flatMap(({ block }) => block.changes.map(textOf)).sort();
    }

    async function apply(unseen: Unseen, ...blocks: Block[]): Promise<void> {
      await database.stage(streamOf(blocks), { clockOffset: 0 });
      await database.transaction(async (transaction) => {
        expect(await transaction.apply(unseen)).toEqual([]);
      });
    }

    async function blockOf(table: string, ...changes: Change[]): Promise<Block> {
      const { columns, keyCount } = await tableOf(table);
      return { table, columns, keyCount, changes };
    }

    describe('the catalogue', () => {
      test('puts the key first, in key order, then the other columns in the order of the table', async () => {
        await fixture.create('compositeKey');
        const [line] = (await database.catalogue()).tables;
        expect(line).toMatchObject({
          name: 'line',
          columns: ['order_no', 'line_no', 'label'],
          keyCount: 2,
          generatedKey: false,
          tracking: 'missing',
        });
      });

      test('says which keys the database makes up', async () => {
        await fixture.create('person');
        expect((await tableOf('person')).generatedKey).toBe(true);
      });

      test('leaves out tables without a key and says so', async () => {
        await fixture.create('noKey');
        expect(await database.catalogue()).toEqual({
          tables: [],
          excluded: [{ name: 'no key', reason: 'noKey' }],
        });
      });

      test('knows the foreign keys', async () => {
        await fixture.create('family');
        expect((await tableOf('child')).foreignKeys).toEqual([
          { columns: ['parent'], parent: 'parent', parentColumns: ['id'] },
        ]);
      });

      test('leaves out computed columns', async () => {
        await fixture.create('computedColumn');
        expect((await tableOf('computed')).columns).toEqual(['id', 'price']);
      });

      test('lists none of the tables that the tracking adds', async () => {
        await open('person');
        const { tables, excluded } = await database.catalogue();
        expect(tables.map(({ name: table }) => table)).toEqual(['person']);
        expect(excluded).toEqual([]);
      });

      test('gives another fingerprint once a column was added, and asks to prepare again', async () => {
        await open('person');
        const before = await tableOf('person');
        expect(before.tracking).toBe('installed');
        await fixture.addColumn('person', 'phone');
        const after = await tableOf('person');
        expect(after.fingerprint).not.toBe(before.fingerprint);
        expect(after.tracking).toBe('outdated');
      });
    });

    describe('capture', () => {
      test('yields nothing from a database that nobody touched', async () => {
        await open('person');
        expect(await database.pending()).toBe(0);
        expect(await captured(1)).toEqual([]);
      });

      test('yields the rows as they are now, with the columns that changed by value', async () => {
        await open('person');
        await fixture.run(
          `INSERT INTO person (id, name, city, points) VALUES (3, 'Zoé', '', NULL)`,
          `UPDATE person SET city = 'Paris', name = 'Anne' WHERE id = 1`,
          `DELETE FROM person WHERE id = 2`,
        );
        expect(await captured(1)).toEqual(['D  2', `I 1111 3,'Zoé','',null`, `U 0010 1,'Anne','Paris',0`]);
      });

      test('tells the time of a change, in milliseconds', async () => {
        await open('person');
        const before = Date.now();
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        const after = Date.now();
        const change = (await capture(1))[0]?.block.changes[0];
        expect(change?.changedAt).toBeGreaterThanOrEqual(before - 1);
        expect(change?.changedAt).toBeLessThanOrEqual(after + 1);
        expect(change?.base).toBeNull();
      });

      test('takes an update that changes no value for no change', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET city = city, name = 'Anne' WHERE id = 1`);
        expect(await database.pending()).toBe(0);
      });

      test('tells an empty text from none', async () => {
        await open('person');
        await fixture.run(
          `UPDATE person SET city = '' WHERE id = 1`,
          `UPDATE person SET city = NULL WHERE id = 2`,
        );
        expect(await captured(1)).toEqual([`U 0010 1,'Anne','',0`, `U 0010 2,'Luc',null,5`]);
        await fixture.run(
          `UPDATE person SET city = NULL WHERE id = 1`,
          `UPDATE person SET city = '' WHERE id = 2`,
        );
        expect(await captured(2)).toEqual([`U 0010 1,'Anne',null,0`, `U 0010 2,'Luc','',5`]);
      });

      test('unites several changes of one row', async () => {
        await open('person');
        await fixture.run(
          `UPDATE person SET city = 'Paris' WHERE id = 1`,
          `UPDATE person SET points = 9 WHERE id = 1`,
          `UPDATE person SET city = 'Metz' WHERE id = 1`,
        );
        expect(await captured(1)).toEqual([`U 0011 1,'Anne','Metz',9`]);
      });

      test('takes what was made and deleted for a deletion, and what was deleted and made for an update', async () => {
        await open('person');
        await fixture.run(
          `INSERT INTO person (id, name) VALUES (3, 'Zoé')`,
          `DELETE FROM person WHERE id = 3`,
          `DELETE FROM person WHERE id = 1`,
          `INSERT INTO person (id, name) VALUES (1, 'Ann')`,
        );
        expect(await captured(1)).toEqual(['D  3', `U 1111 1,'Ann',null,null`]);
      });

      test('takes a key that changes for a row that goes and one that comes', async () => {
        await open('compositeKey');
        await fixture.run(`UPDATE line SET line_no = 7 WHERE order_no = 1`);
        expect(await captured(1)).toEqual(['D  1,1', `I 111 1,7,'first'`]);
      });

      test('follows keys that move on to each other', async () => {
        await open('textKey');
        await fixture.run(
          `INSERT INTO country (code, name) VALUES ('BE', 'Belgium')`,
          `UPDATE country SET code = 'XX' WHERE code = 'FR'`,
          `UPDATE country SET code = 'FR' WHERE code = 'BE'`,
          `UPDATE country SET code = 'BE' WHERE code = 'XX'`,
        );
        expect(await captured(1)).toEqual(["D  'XX'", `I 11 'BE','France'`, `U 11 'FR','Belgium'`]);
      });

      test('works on tables with nothing but a key', async () => {
        await open('keyOnly');
        await fixture.run(
          `INSERT INTO member (person, club) VALUES (1, 2)`,
          `UPDATE member SET club = 3 WHERE club = 1`,
        );
        expect(await captured(1)).toEqual(['D  1,1', 'I 11 1,2', 'I 11 1,3']);
      });

      test('works on names that need quotes', async () => {
        await open('awkwardNames');
        await fixture.run(`UPDATE "the ""order""" SET "select" = 'x' WHERE "é key" = 1`);
        expect(await captured(1)).toEqual([`U 010 1,'x','b'`]);
      });

      test('keeps every value as it is', async () => {
        await open('values');
        await fixture.run(
          `INSERT INTO sample VALUES (1, 9223372036854775807, 0.1, ${fixture.text('L’été 🏖')}, ${fixture.bytes('00ff10')})`,
          `INSERT INTO sample VALUES (2, -9007199254740993, -1e300, '', ${fixture.bytes('')})`,
          `INSERT INTO sample VALUES (3, NULL, 1.0, NULL, NULL)`,
        );
        expect((await capture(1)).flatMap(({ block }) => block.changes.map(({ values }) => values))).toEqual([
          [1n, 9223372036854775807n, 0.1, 'L’été 🏖', new Uint8Array([0, 255, 16])],
          [2n, -9007199254740993n, -1e300, '', new Uint8Array()],
          [3n, null, 1, null, null],
        ]);
      });

      test('knows nothing of what was rolled back', async () => {
        await open('person');
        await fixture.runAndRollBack(`UPDATE person SET city = 'Paris'`, `DELETE FROM person WHERE id = 2`);
        expect(await database.pending()).toBe(0);
        expect(await captured(1)).toEqual([]);
      });

      test('yields the effects of business triggers with their cause', async () => {
        await open('businessTrigger');
        await fixture.run(`INSERT INTO audited (id, label) VALUES (1, 'x')`);
        const blocks = await capture(1);
        expect(blocks.map(({ block }) => [block.table, block.changes.length])).toEqual([
          ['audit', 1],
          ['audited', 1],
        ]);
      });

      test('yields each change once, and again once released', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        const first = await captured(1);
        expect(first).toHaveLength(1);
        expect(await captured(2)).toEqual([]);
        await database.release(2);
        await database.release(1);
        expect((await database.state())?.lastMarked).toBe(0);
        expect(await captured(1)).toEqual(first);
      });

      test('leaves tables alone that it was not asked for', async () => {
        await open('family');
        await fixture.run(`UPDATE parent SET name = 'q'`, `DELETE FROM child`);
        const blocks: CapturedBlock[] = [];
        for await (const block of database.capture(1, ['parent'])) blocks.push(block);
        expect(blocks.map(({ block }) => block.table)).toEqual(['parent']);
        expect(await database.pending()).toBe(1);
      });

      test('reads the rows of the instant it marked, whatever is written while it reads', async () => {
        await open('family');
        await fixture.run(`UPDATE parent SET name = 'q'`, `UPDATE child SET parent = NULL`);
        const read: string[] = [];
        for await (const { block } of database.capture(1, ['child', 'parent'])) {
          if (block.table === 'child') await fixture.run(`UPDATE parent SET name = 'r'`, 'DELETE FROM child');
          read.push(...block.changes.map(textOf));
        }
        expect(read).toEqual(['U 01 1,null', `U 01 1,'q'`]);
        expect(await captured(2)).toEqual(['D  1', `U 01 1,'r'`]);
      });

      test('keeps the marks of a capture that was left half way, until it is released', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1`);
        for await (const block of database.capture(1, ['person'])) {
          expect(block.origin).toBe(0);
          break;
        }
        expect(await database.pending()).toBe(0);
        await database.release(1);
        expect(await database.pending()).toBe(2);
        expect(await captured(1)).toHaveLength(2);
      });

      test('reads what it was told of, unless that is all there is', async () => {
        await open('person', 'hub');
        await fixture.run(`UPDATE person SET points = 1`);
        for (const [lines, number] of [1, 3, 2].entries()) {
          const blocks: CapturedBlock[] = [];
          const told = new Map([['person', number]]);
          for await (const block of database.capture(lines + 1, ['person'], told)) blocks.push(block);
          await database.release(lines + 1);
          const read = blocks.flatMap(({ block }) => block.changes.map(textOf)).length;
          const [{ asTold = false, total } = {}] = blocks;
          expect(total).toBe(2);
          expect({ number, read, asTold }).toEqual({
            number,
            read: asTold ? 0 : 2,
            asTold: asTold && number === 2,
          });
        }
      });

      test('cuts large tables into blocks', async () => {
        await open('keyOnly');
        for (let from = 0; from < 5000; from += 500) {
          const rows = Array.from({ length: 500 }, (_, at) => `(7, ${String(from + at)})`);
          await fixture.run(`INSERT INTO member (person, club) VALUES ${rows.join(', ')}`);
        }
        const sizes = (await capture(1)).map(({ block }) => block.changes.length);
        expect(sizes.length).toBeGreaterThan(1);
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(5000);
      });
    });

    describe('apply', () => {
      test('writes what was captured elsewhere, and logs nothing of it at a site', async () => {
        await open('person');
        await apply(
          AT_SITE,
          await blockOf(
            'person',
            change('I', '1111', 3n, 'Zoé', '', null),
            change('U', '0010', 1n, 'Anne', 'Paris', 0n),
            change('D', '', 2n),
          ),
        );
        expect(await fixture.rows('person', ['id', 'name', 'city', 'points'])).toEqual([
          `1 'Anne' 'Paris' 0`,
          `3 'Zoé' '' NULL`,
        ]);
        expect(await database.pending()).toBe(0);
      });

      test('is logged at the hub under the site it came from', async () => {
        await open('person', 'hub');
        await apply(
          atHub(3),
          await blockOf('person', change('U', '0010', 1n, 'Anne', 'Paris', 0n), change('D', '', 2n)),
        );
        await fixture.run(`INSERT INTO person (id, name) VALUES (3, 'Zoé')`);
        const blocks = await capture(1);
        expect(blocks.map(({ origin, block }) => [origin, block.changes.map(textOf).sort()]).sort()).toEqual([
          [0, [`I 1111 3,'Zoé',null,null`]],
          [3, ['D  2', `U 0010 1,'Anne','Paris',0`]],
        ]);
      });

      test('sends a row to everyone that several places changed', async () => {
        await open('person', 'hub');
        await apply(atHub(3), await blockOf('person', change('U', '0010', 1n, 'Anne', 'Paris', 0n)));
        await fixture.run(`UPDATE person SET points = 8 WHERE id = 1`);
        expect((await capture(1)).map(({ origin, block }) => [origin, block.changes.map(textOf)])).toEqual([
          [0, [`U 0011 1,'Anne','Paris',8`]],
        ]);
      });

      test('applied twice is applied once', async () => {
        await open('person');
        const block = await blockOf('person', change('I', '1111', 3n, 'Zoé', '', null), change('D', '', 2n));
        await apply(AT_SITE, block);
        const once = await fixture.rows('person', ['id', 'name', 'city', 'points']);
        await apply(AT_SITE, block);
        expect(await fixture.rows('person', ['id', 'name', 'city', 'points'])).toEqual(once);
      });

      test('takes columns in another order than its own', async () => {
        await open('person');
        await apply(AT_SITE, {
          table: 'person',
          columns: ['id', 'points', 'city', 'name'],
          keyCount: 1,
          changes: [change('I', '1111', 3n, 4n, 'Metz', 'Zoé')],
        });
        expect(await fixture.rows('person', ['id', 'name', 'city', 'points'])).toContain(`3 'Zoé' 'Metz' 4`);
      });

      test('refuses columns that are not the table’s, and leaves nothing open', async () => {
        await open('person');
        const block = {
          table: 'person',
          columns: ['id', 'nom'],
          keyCount: 1,
          changes: [change('I', '11', 3n, 'Zoé')],
        };
        await expect(database.stage(streamOf([block]), { clockOffset: 0 })).rejects.toMatchObject({
          code: 'database.columnsDiffer',
        });
        await apply(AT_SITE, await blockOf('person', change('D', '', 2n)));
        expect(await fixture.rows('person', ['id'])).toEqual(['1']);
      });

      test('lets unique values change places', async (context) => {
        await open('unique');
        if (!(await fixture.swapsUniqueValues()))
          context.skip('this server looks at each row, not at the statement');
        await apply(
          AT_SITE,
          await blockOf('badge', change('U', '010', 1n, 'B', 'Anne'), change('U', '010', 2n, 'A', 'Luc')),
        );
        expect(await fixture.rows('badge', ['id', 'code'])).toEqual([`1 'B'`, `2 'A'`]);
      });

      test('keeps business triggers from firing, and leaves them as they were', async () => {
        await open('businessTrigger');
        const before = await fixture.triggers();
        expect(before.length).toBeGreaterThan(1);
        await apply(AT_SITE, await blockOf('audited', change('I', '11', 1n, 'x')));
        expect(await fixture.rows('audit', ['audited'])).toEqual([]);
        expect(await fixture.triggers()).toEqual(before);
        await fixture.run(`INSERT INTO audited (id, label) VALUES (2, 'y')`);
        expect(await fixture.rows('audit', ['audited'])).toEqual(['2']);
        expect(await database.pending()).toBe(2);
      });

      test('lets computed columns follow', async () => {
        await open('computedColumn');
        await apply(AT_SITE, await blockOf('computed', change('U', '01', 1n, 8n), change('I', '11', 2n, 3n)));
        expect(await fixture.rows('computed', ['id', 'price', 'twice'])).toEqual(['1 8 16', '2 3 6']);
      });

      test('writes every value as it was', async () => {
        await open('values');
        const rows: Value[][] = [
          [1n, 9223372036854775807n, 0.1, 'L’été 🏖', new Uint8Array([0, 255, 16])],
          [2n, -9007199254740993n, -1e300, '', new Uint8Array()],
          [3n, null, 1, null, null],
        ];
        await apply(AT_SITE, await blockOf('sample', ...rows.map((row) => change('I', '11111', ...row))));
        await fixture.run(`UPDATE sample SET text = 'seen' WHERE id < 9`);
        const { block } = (await capture(1))[0] ?? { block: await blockOf('sample') };
        expect(block.changes.map(({ values }) => values)).toEqual(
          rows.map((row) => row.map((value, at) => (at === 3 ? 'seen' : value))),
        );
      });

      test('is undone whole when the work fails', async () => {
        await open('person', 'hub');
        await database.stage(streamOf([await blockOf('person', change('D', '', 2n))]), { clockOffset: 0 });
        const failing = database.transaction(async (transaction) => {
          await transaction.apply(atHub(1));
          await transaction.recordMerged({ site: 1, batch: 1, sha256: 'x', declined: [] });
          throw new Error('power cut');
        });
        await expect(failing).rejects.toThrow('power cut');
        expect(await fixture.rows('person', ['id'])).toEqual(['1', '2']);
        expect(await database.ledger()).toEqual([]);
        expect(await database.pending()).toBe(0);
        await fixture.run(`DELETE FROM person WHERE id = 2`);
        expect(await database.pending()).toBe(1);
      });

      test('uses up what was staged, of which a failure leaves nothing', async () => {
        await open('person');
        const good = await blockOf('person', change('D', '', 2n));
        await apply(AT_SITE, good);
        await fixture.run(`INSERT INTO person (id, name) VALUES (2, 'back')`);
        await database.transaction(async (transaction) => {
          expect([...(await transaction.written())]).toEqual([]);
        });
        const bad = await blockOf('person', change('D', '', 1n), { ...change('D', '', 3n), changedAt: NaN });
        await expect(database.stage(streamOf([good, bad]), { clockOffset: 0 })).rejects.toThrow();
        await database.transaction(async (transaction) => {
          expect(await transaction.apply(AT_SITE)).toEqual([]);
          expect([...(await transaction.written())]).toEqual([]);
        });
        expect(await fixture.rows('person', ['id'])).toEqual(['1', '2']);
      });

      test('tells what is staged, a page at a time in its order, beside the rows as they are', async () => {
        await open('person', 'hub');
        await database.stage(
          streamOf([
            await blockOf('person', change('U', '0010', 2n, 'Luc', 'Metz', 5n), change('D', '', 7n)),
            await blockOf('person', change('I', '1111', 3n, 'Zoé', '', null)),
          ]),
          { clockOffset: 0 },
        );
        const [first, rest] = await database.transaction(async (transaction) => {
          const page = await transaction.staged('person', 0, 1);
          return [page, await transaction.staged('person', page[0]?.id ?? 0, 10)];
        });
        expect([...first, ...rest].map(({ op, values, current }) => [op, values, current])).toEqual([
          ['U', [2n, 'Luc', 'Metz', 5n], [2n, 'Luc', 'Brest', 5n]],
          ['D', [7n], null],
          ['I', [3n, 'Zoé', '', null], null],
        ]);
        expect(first).toHaveLength(1);
      });

      test('says how many changes were written', async () => {
        await open('person');
        await database.stage(streamOf([await blockOf('person', change('D', '', 2n))]), { clockOffset: 0 });
        const written = await database.transaction(async (transaction) => {
          await transaction.apply(AT_SITE);
          return transaction.written();
        });
        expect([...written]).toEqual([['person', 1]]);
      });
    });

    describe('violations', () => {
      async function violations(unseen: Unseen, ...blocks: Block[]): Promise<string[]> {
        await database.stage(streamOf(blocks), { clockOffset: 0 });
        return database.transaction(async (transaction) =>
          (await transaction.apply(unseen)).map((violation) =>
            [
              violation.kind,
              violation.kind === 'refused' ? violation.reason : '',
              violation.change.table,
              textOf(violation.change),
            ].join(' '),
          ),
        );
      }

      test('a row whose unique value another row has, which leaves the database untouched', async () => {
        await open('unique', 'hub');
        expect(
          await violations(
            atHub(1),
            await blockOf('badge', change('I', '111', 3n, 'A', 'Zoé'), change('D', '', 2n)),
          ),
        ).toEqual([`refused unique badge I 111 3,'A','Zoé'`]);
        expect(await fixture.rows('badge', ['id'])).toEqual(['1', '2']);
        expect(await database.pending()).toBe(0);
      });

      test('a row whose parent is not there', async () => {
        await open('family', 'hub');
        expect(await violations(atHub(1), await blockOf('child', change('I', '11', 2n, 9n)))).toEqual([
          'missingParent  child I 11 2,9',
        ]);
      });

      test('a parent that still has children', async () => {
        await open('family', 'hub');
        expect(await violations(atHub(1), await blockOf('parent', change('D', '', 1n)))).toEqual([
          'childrenRemain  parent D  1',
        ]);
      });

      test('none where parents and children come and go together, in whatever order', async () => {
        await open('family', 'hub');
        expect(
          await violations(
            atHub(1),
            await blockOf(
              'child',
              change('I', '11', 2n, 2n),
              change('D', '', 1n),
              change('I', '11', 3n, null),
            ),
            await blockOf('parent', change('D', '', 1n), change('I', '11', 2n, 'q')),
          ),
        ).toEqual([]);
        expect(await fixture.rows('child', ['id', 'parent'])).toEqual(['2 2', '3 NULL']);
      });

      test('at a site, none but against what the hub has not seen', async () => {
        await open('family');
        const orphan = await blockOf('child', change('I', '11', 2n, 9n));
        // Where the database itself enforces its foreign keys, it would refuse the row.
        expect(await violations(AT_SITE, orphan)).toEqual(
          fixture.enforcesForeignKeys ? ['missingParent  child I 11 2,9'] : [],
        );
        await fixture.run(`INSERT INTO child (id, parent) VALUES (5, 1)`);
        expect(
          await violations(
            AT_SITE,
            await blockOf('parent', change('D', '', 1n)),
            await blockOf('child', change('D', '', 1n)),
          ),
        ).toEqual(['childrenRemain  parent D  1']);
      });

      test('a parent deleted at the hub is brought back for a child that needs it', async () => {
        await open('family', 'hub');
        await fixture.run('DELETE FROM child', 'DELETE FROM parent');
        await database.stage(
          streamOf([await blockOf('child', change('I', '11', 2n, 1n), change('I', '11', 3n, 1n))]),
          {
            clockOffset: 0,
          },
        );
        await database.transaction(async (transaction) => {
          for (const violation of await transaction.apply(atHub(1))) {
            if (violation.kind !== 'missingParent') throw new Error(violation.kind);
            expect(await transaction.restoreParent(violation.change, violation.foreignKey)).toBe(true);
          }
          expect(await transaction.apply(atHub(1))).toEqual([]);
        });
        expect(await fixture.rows('parent', ['id', 'name'])).toEqual([`1 'p'`]);
        expect(await fixture.rows('child', ['id', 'parent'])).toEqual(['2 1', '3 1']);
        const parents = (await capture(1)).filter(({ block }) => block.table === 'parent');
        expect(parents.map(({ origin }) => origin)).toEqual([0]);
      });

      test('a parent that never was is not brought back', async () => {
        await open('family', 'hub');
        await database.stage(streamOf([await blockOf('child', change('I', '11', 2n, 9n))]), {
          clockOffset: 0,
        });
        await database.transaction(async (transaction) => {
          const [violation] = await transaction.apply(atHub(1));
          if (violation?.kind !== 'missingParent') throw new Error('no violation');
          expect(await transaction.restoreParent(violation.change, violation.foreignKey)).toBe(false);
        });
      });
    });

    describe('what an author has not seen', () => {
      async function contested(unseen: Unseen, block: Block): Promise<string[]> {
        await database.stage(streamOf([block]), { clockOffset: 0 });
        return database.transaction(async (transaction) =>
          (await transaction.contested(unseen)).map(
            ({ change: staged, here }) =>
              `${textOf(staged)} / ${here.inserted ? 'inserted ' : ''}${here.marks} by ${String(here.origin)}`,
          ),
        );
      }

      test('at the hub: changes of its own and of other sites, pending or in a later round', async () => {
        await open('person', 'hub');
        const block = await blockOf('person', change('U', '0100', 1n, 'Ann', 'Lyon', 0n));
        expect(await contested(atHub(1), block)).toEqual([]);
        await fixture.run(`UPDATE person SET city = 'Paris' WHERE id = 1`);
        const seen = `U 0100 1,'Ann','Lyon',0 / 0010 by 0`;
        expect(await contested(atHub(1), block)).toEqual([seen]);
        await capture(1);
        expect(await contested(atHub(1, 0), block)).toEqual([seen]);
        expect(await contested(atHub(1, 1), block)).toEqual([]);
      });

      test('not what the author itself sent before', async () => {
        await open('person', 'hub');
        await apply(atHub(1), await blockOf('person', change('U', '0010', 1n, 'Anne', 'Paris', 0n)));
        const block = await blockOf('person', change('U', '0100', 1n, 'Ann', 'Paris', 0n));
        expect(await contested(atHub(1), block)).toEqual([]);
        expect(await contested(atHub(2), block)).toEqual([`U 0100 1,'Ann','Paris',0 / 0010 by 1`]);
      });

      test('counts as made by the newest of them, whichever was merged last', async () => {
        await open('person', 'hub');
        const newer = change('U', '0010', 1n, 'Anne', 'Paris', 0n);
        await apply(atHub(1), await blockOf('person', newer));
        const older = { ...change('U', '0001', 1n, 'Anne', 'Paris', 4n), changedAt: newer.changedAt - 1 };
        await apply(atHub(2), await blockOf('person', older));
        const block = await blockOf('person', change('U', '0100', 1n, 'Ann', 'Lyon', 0n));
        expect(await contested(atHub(3), block)).toEqual([`U 0100 1,'Ann','Lyon',0 / 0011 by 1`]);
      });

      test('by the base of each change where it has one', async () => {
        await open('person', 'hub');
        await fixture.run(`UPDATE person SET city = 'Paris' WHERE id = 1`);
        await capture(1);
        const update = change('U', '0100', 1n, 'Ann', 'Lyon', 0n);
        expect(await contested(atHub(1, 5), await blockOf('person', update))).toEqual([]);
        expect(await contested(atHub(1, 5), await blockOf('person', { ...update, base: 0 }))).toHaveLength(1);
      });

      test('at a site: its own changes, pending or in a batch that the round does not include', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET city = 'Paris' WHERE id = 1`);
        const block = await blockOf('person', change('U', '0100', 1n, 'Ann', 'Lyon', 0n));
        expect(await contested(AT_SITE, block)).toHaveLength(1);
        await capture(1);
        expect(await contested(AT_SITE, block)).toHaveLength(1);
        expect(await contested({ at: 'site', included: 1 }, block)).toEqual([]);
      });

      test('what was settled to be kept goes to everyone, author included, and is news to the author only', async () => {
        await open('person', 'hub');
        await apply(atHub(3), await blockOf('person', change('U', '0010', 1n, 'Anne', 'Paris', 0n)));
        await capture(1);
        const deletion = await blockOf('person', change('D', '', 1n));
        await database.stage(streamOf([deletion]), { clockOffset: 0 });
        await database.transaction(async (transaction) => {
          for (const { change: staged } of await transaction.contested(atHub(1))) {
            await transaction.settle(staged, { write: false, toEveryone: true });
          }
          expect(await transaction.apply(atHub(1))).toEqual([]);
        });
        expect(await contested(atHub(1, 1), deletion)).toEqual(['D  1 / 0010 by 3']);
        expect(await contested(atHub(2, 1), deletion)).toEqual([]);
        expect((await capture(2)).map(({ origin, block }) => [origin, block.changes.map(textOf)])).toEqual([
          [0, [`U 0010 1,'Anne','Paris',0`]],
        ]);
      });

      test('a settlement can write another row than the one that came', async () => {
        await open('person', 'hub');
        await database.stage(
          streamOf([await blockOf('person', change('U', '0100', 1n, 'Ann', 'Lyon', 0n))]),
          {
            clockOffset: 0,
          },
        );
        await fixture.run(`UPDATE person SET city = 'Paris' WHERE id = 1`);
        await database.transaction(async (transaction) => {
          for (const { change: staged } of await transaction.contested(atHub(1))) {
            expect(staged.current).toEqual([1n, 'Anne', 'Paris', 0n]);
            await transaction.settle(staged, {
              write: true,
              toEveryone: true,
              values: [1n, 'Ann', 'Paris', 0n],
              marks: '0100',
            });
          }
          expect(await transaction.apply(atHub(1))).toEqual([]);
        });
        expect(await fixture.rows('person', ['id', 'name', 'city'])).toContain(`1 'Ann' 'Paris'`);
      });

      test('a settlement can empty what came, whatever the types of its columns', async () => {
        await open('values', 'hub');
        await database.stage(streamOf([await blockOf('sample', change('I', '11111', ...FULL))]), {
          clockOffset: 0,
        });
        await database.transaction(async (transaction) => {
          for (const staged of await transaction.staged('sample', 0, 1))
            await transaction.settle(staged, { write: true, toEveryone: true, values: EMPTY });
          expect(await transaction.apply(atHub(1))).toEqual([]);
        });
        expect(await fixture.rows('sample', ['id', 'big', 'real', 'text', 'bytes'])).toEqual([
          '1 NULL NULL NULL NULL',
        ]);
      });
    });

    describe('questions', () => {
      const ask = (transaction: MergeTransaction, until: number | null = null): Promise<void> =>
        transaction.ask({ table: 'person', keyColumns: ['id'], key: [1n], base: 4, until });

      test('go with the next batch, alone or with the change of the same row', async () => {
        await open('person');
        await database.transaction((transaction) => ask(transaction));
        expect((await capture(1)).flatMap(({ block }) => block.changes)).toMatchObject([
          { op: 'R', marks: '', base: 4, values: [1n] },
        ]);
        await database.transaction((transaction) => ask(transaction));
        await fixture.run(`UPDATE person SET city = 'Paris' WHERE id = 1`);
        expect((await capture(2)).flatMap(({ block }) => block.changes)).toMatchObject([
          { op: 'U', marks: '0010', base: 4 },
        ]);
      });

      test('are answered by the hub with its row, or with its absence', async () => {
        await open('person', 'hub');
        await apply(atHub(2), await blockOf('person', change('R', '', 1n), change('R', '', 7n)));
        expect(
          (await capture(1)).map(({ origin, block }) => [origin, block.changes.map(textOf).sort()]),
        ).toEqual([[0, ['D  7', `U 0000 1,'Anne','Lyon',0`]]]);
      });

      test('are withdrawn when the row comes', async () => {
        await open('person');
        await database.transaction((transaction) => ask(transaction));
        await apply(AT_SITE, await blockOf('person', change('U', '0010', 1n, 'Anne', 'Paris', 0n)));
        expect(await database.pending()).toBe(0);
      });

      test('are withdrawn when the hub has seen the batch that made them, and says nothing of the row', async () => {
        await open('person');
        await database.transaction((transaction) => ask(transaction, 3));
        await database.transaction((transaction) => transaction.recordPosition(5, 2));
        expect(await database.pending()).toBe(1);
        await database.transaction((transaction) => transaction.recordPosition(6, 3));
        expect(await database.pending()).toBe(0);
      });

      test('about a table that is not prepared yet wait for it', async () => {
        await open('textKey');
        await database.transaction((transaction) => ask(transaction));
        expect(await captured(1)).toEqual([]);
        await fixture.create('person');
        await database.prepare(SITE);
        expect((await captured(2)).sort()).toEqual([`I 1111 1,'Anne','Lyon',0`, `I 1111 2,'Luc','Brest',5`]);
        expect(await database.pending()).toBe(0);
      });
    });

    describe('what it remembers', () => {
      test('nothing before prepare', async () => {
        await fixture.create('person');
        expect(await database.state()).toBeNull();
        await expect(database.pending()).rejects.toMatchObject({ code: 'database.notPrepared' });
      });

      test('whose it is, and its position', async () => {
        await open('person');
        expect(await database.state()).toMatchObject({
          installation: SITE.id,
          role: 'site',
          lastMarked: 0,
          position: 0,
          included: 0,
        });
        await capture(1);
        await database.transaction((transaction) => transaction.recordPosition(7, 1));
        expect(await database.state()).toMatchObject({ lastMarked: 1, position: 7, included: 1 });
      });

      test('merged batches, and the round that published them', async () => {
        await open('person', 'hub');
        const entry = { site: 2, batch: 1, sha256: 'abc', declined: ['x'] };
        await database.transaction((transaction) => transaction.recordMerged(entry));
        expect(await database.ledger()).toEqual([{ ...entry, round: null }]);
        await capture(4);
        expect(await database.ledger()).toEqual([{ ...entry, round: 4 }]);
        await database.release(4);
        expect(await database.ledger()).toEqual([{ ...entry, round: null }]);
        await capture(4);
        const later = { ...entry, batch: 2 };
        const others = { ...entry, site: 3, batch: 7 };
        await database.transaction(async (transaction) => {
          await transaction.recordMerged(later);
          await transaction.recordMerged(others);
        });
        expect(await database.ledger({ site: 2 })).toEqual([
          { ...entry, round: 4 },
          { ...later, round: null },
        ]);
        expect(await database.ledger('unpublished')).toEqual([
          { ...later, round: null },
          { ...others, round: null },
        ]);
        expect([...(await database.lastMerged())]).toEqual([
          [2, 2],
          [3, 7],
        ]);
        await expect(
          database.transaction((transaction) => transaction.recordMerged(entry)),
        ).rejects.toThrow();
      });

      test('conflicts, with every value, newest first', async () => {
        await open('person', 'hub');
        const conflict = {
          table: 'person',
          columns: ['id', 'a', 'b', 'c', 'd', 'e'],
          keyCount: 1,
          key: [9007199254740993n],
          kind: 'update',
          rule: 'newest',
          winner: 0,
          loser: 2,
          winningRow: [9007199254740993n, 1.5, Infinity, 'a\0b', null, new Uint8Array([1, 0, 255])],
          losingRow: null,
          winnerAt: 5,
          loserAt: null,
          reason: null,
        } as const;
        const entry = { ...conflict, at: 10, site: 2, batch: 3 };
        await database.transaction(async (transaction) => {
          await transaction.journal(entry);
          await transaction.journal({ ...entry, batch: 4 });
        });
        const found = await database.conflicts(10);
        expect(found.map(({ batch }) => batch)).toEqual([4, 3]);
        expect(found[1]).toEqual({ ...entry, id: found[1]?.id, restored: null, refused: null });
        expect(await database.conflicts(1)).toHaveLength(1);
      });

      test('conflicts that a filter finds, and how many they are', async () => {
        await open('person', 'hub');
        await note(updateOf(1n, 'Anna'), { at: 10 });
        await note({ ...updateOf(2n, 'Élise'), kind: 'insert' }, { at: 20 });
        await note({ ...updateOf(3n, 'Zoé'), table: 'club' }, { at: 30 });
        const keysFor = async (filter: JournalFilter & { skip?: number }): Promise<Value[]> =>
          (await database.conflicts(10, filter)).map(({ key }) => key[0] ?? null);
        expect(await keysFor({})).toEqual([3n, 2n, 1n]);
        expect(await keysFor({ table: 'person' })).toEqual([2n, 1n]);
        expect(await keysFor({ kind: 'insert' })).toEqual([2n]);
        expect(await keysFor({ from: 20, to: 30 })).toEqual([2n]);
        expect(await keysFor({ text: 'éLI' })).toEqual([2n]);
        expect(await keysFor({ text: 'name' })).toEqual([]);
        expect(await keysFor({ skip: 1 })).toEqual([2n, 1n]);
        expect(await database.conflicts(1, { skip: 1, table: 'person' })).toMatchObject([{ key: [1n] }]);
        expect(await database.countConflicts({ table: 'person' })).toBe(2);
        expect(await database.countConflicts({ text: 'zoé' })).toBe(1);
        expect(await database.conflictTables()).toEqual(['club', 'person']);
      });

      test('what came of refused rows; those that wait are found', async () => {
        await open('person', 'hub');
        const refused = (id: bigint): Conflict => ({
          ...updateOf(id, 'Anna'),
          kind: 'refused',
          rule: 'refused',
          reason: 'unique',
        });
        await note(updateOf(1n, 'Anna'));
        const ended = await note(refused(2n));
        await note(refused(3n));
        const byHand = await note(refused(1n));
        const keysOf = async (filter: JournalFilter): Promise<Value[]> =>
          (await database.conflicts(10, filter)).map(({ key }) => key[0] ?? null);
        expect(await keysOf({ waiting: true })).toEqual([1n, 3n, 2n]);
        for (const outcome of ['changed', 'passed'] as const) {
          await database.transaction((transaction) => transaction.endRefused(ended, { outcome, at: 77 }));
        }
        await database.restore(byHand, { which: 'loser', at: 1, by: 'Marie' });
        expect(await keysOf({ waiting: true })).toEqual([3n]);
        expect(await database.countConflicts({ waiting: true })).toBe(1);
        expect(await database.countConflicts({ waiting: true, table: 'club' })).toBe(0);
        expect((await database.conflicts(10)).map((entry) => entry.refused)).toEqual([
          null,
          { outcome: 'waiting', at: null },
          { outcome: 'passed', at: 77 },
          null,
        ]);
      });

      test('sent changes until they are purged', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        await capture(1);
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 2`);
        await database.purge({ ...NOTHING_EXPIRED, upTo: 0 });
        await database.release(1);
        expect(await database.pending()).toBe(2);
        await capture(1);
        await database.purge({ ...NOTHING_EXPIRED, upTo: 1, except: ['person'] });
        await database.release(1);
        expect(await database.pending()).toBe(2);
        await capture(1);
        await fixture.run(`UPDATE person SET points = 3 WHERE id = 2`);
        await database.purge({ ...NOTHING_EXPIRED, upTo: 1 });
        await database.release(1);
        expect(await database.pending()).toBe(1);
      });

      test('the last line of each site in the ledger, and what no round has published', async () => {
        await open('person', 'hub');
        const merge = (site: number, batch: number): Promise<void> =>
          database.transaction((transaction) =>
            transaction.recordMerged({ site, batch, sha256: 'x', declined: [] }),
          );
        for (const batch of [1, 2]) await merge(1, batch);
        await merge(2, 1);
        await capture(1);
        for (const batch of [3, 4]) await merge(1, batch);
        await database.purge({ ...NOTHING_EXPIRED, upTo: 1 });
        const left = (await database.ledger()).map(({ site, batch }) => [site, batch]);
        expect(left).toEqual([
          [1, 3],
          [1, 4],
          [2, 1],
        ]);
      });

      test('conflicts until they expire, with who put them back', async () => {
        await open('person', 'hub');
        const old = await note(updateOf(1n, 'Anna'), { at: 100 });
        await database.restore(old, { which: 'loser', at: 150, by: 'Marie' });
        await note({ ...updateOf(1n, 'Refused'), kind: 'refused', rule: 'refused' }, { at: 120 });
        const passed = await note(
          { ...updateOf(1n, 'Taken'), kind: 'refused', rule: 'refused' },
          { at: 125 },
        );
        await database.transaction((transaction) =>
          transaction.endRefused(passed, { outcome: 'passed', at: 128 }),
        );
        await note(updateOf(1n, 'Seen'), { at: 130 });
        await note(updateOf(2n, 'Lucas'), { at: 200 });
        await database.purge({ ...NOTHING_EXPIRED, conflictsBefore: 200 });
        expect((await database.conflicts(9)).map(({ at }) => at)).toEqual([200, 120]);
        await expect(database.restore(old, { which: 'winner', at: 250, by: 'Marie' })).rejects.toMatchObject({
          code: 'conflict.missing',
        });
      });

      test('nothing of an expired conflict that a later one could be taken for', async () => {
        await open('person', 'hub');
        const refused = { ...updateOf(1n, 'Anna'), kind: 'refused', rule: 'refused' } as const;
        const old = await note(refused, { at: 100 });
        await database.transaction((transaction) =>
          transaction.endRefused(old, { outcome: 'superseded', at: 110 }),
        );
        await database.restore(old, { which: 'loser', at: 150, by: 'Marie' });
        await database.purge({ ...NOTHING_EXPIRED, conflictsBefore: 200 });
        expect(await database.conflicts(9)).toEqual([]);
        await note(refused, { at: 300 });
        expect(await database.conflicts(9, { waiting: true })).toHaveLength(1);
      });

      test('a table’s changes of a batch are pending again once taken back', async () => {
        await open('family');
        await fixture.run(`UPDATE parent SET name = 'q'`, `INSERT INTO child (id, parent) VALUES (2, 1)`);
        await capture(1);
        await database.transaction((transaction) => transaction.takeBack('parent', 1));
        expect(await captured(2)).toEqual([`U 01 1,'q'`]);
      });

      test('nothing at all after unprepare', async () => {
        await open('businessTrigger');
        const triggers = await fixture.triggers();
        await fixture.run(`INSERT INTO audited (id, label) VALUES (1, 'x')`);
        await database.unprepare();
        expect(await database.state()).toBeNull();
        expect((await database.catalogue()).tables.map(({ tracking }) => tracking)).toEqual([
          'missing',
          'missing',
        ]);
        expect(await fixture.triggers()).toEqual(triggers);
        await fixture.run(`INSERT INTO audited (id, label) VALUES (2, 'y')`);
        expect(await fixture.rows('audit', ['audited'])).toEqual(['1', '2']);
      });
    });

    describe('for a comparison', () => {
      /** Rows of a table as text, whatever their order. */
      async function rowsOf(table: string): Promise<string[]> {
        const rows: string[] = [];
        for await (const block of database.rows(table)) {
          const { columns, keyCount } = await tableOf(table);
          expect([block.table, block.columns, block.keyCount]).toEqual([table, columns, keyCount]);
          rows.push(...block.rows.map((values) => textOf({ op: 'I', marks: '', values })));
        }
        return rows.sort();
      }

      async function inFlight(table: string, after: number, only?: 'questions'): Promise<unknown[]> {
        const keys = new Set<string>();
        for await (const group of database.inFlight(table, after, only))
          for (const key of group) keys.add(key.map(String).join(' '));
        return [...keys].sort();
      }

      test('reads every row, beside who writes', async () => {
        await open('compositeKey');
        await fixture.run(`INSERT INTO line (label, line_no, order_no) VALUES ('second', 2, 1)`);
        const reading = database.rows('line')[Symbol.asyncIterator]();
        const first = await reading.next();
        await fixture.run(`UPDATE line SET label = 'third' WHERE line_no = 2`);
        expect(first.done).toBe(false);
        await reading.return?.();
        expect(await rowsOf('line')).toEqual([`I  1,1,'first'`, `I  1,2,'third'`]);
        await expect(rowsOf('nobody')).rejects.toMatchObject({ code: 'database.tableUnknown' });
      });

      test('tells the keys that changes speak of which the other side has not', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        await capture(1);
        await fixture.run(`DELETE FROM person WHERE id = 2`);
        await capture(2);
        await fixture.run(`UPDATE person SET points = 2 WHERE id = 1`);
        expect(await inFlight('person', 1)).toEqual(['1', '2']);
        expect(await inFlight('person', 2)).toEqual(['1']);
        await capture(3);
        expect(await inFlight('person', 3)).toEqual([]);
        expect(await inFlight('person', 1)).toEqual(['1', '2']);
        const question = { table: 'person', keyColumns: ['id'], base: 4, until: null };
        await database.transaction((transaction) => transaction.ask({ ...question, key: [7n] }));
        expect(await inFlight('person', 3)).toEqual(['7']);
        expect(await inFlight('person', 1, 'questions')).toEqual(['7']);
      });

      test('shows staged changes beside the rows as they are, before and after they are written', async () => {
        await open('person');
        const row = (id: bigint, name: string): Value[] => [id, name, 'Lyon', 0n];
        const changes = [
          change('U', '0100', ...row(1n, 'Anna')),
          change('D', '', 2n),
          change('I', '1111', ...row(3n, 'Eve')),
        ];
        await database.stage(streamOf([await blockOf('person', ...changes)]), { clockOffset: 0 });
        await database.transaction(async (transaction) => {
          const [first, ...others] = await transaction.staged('person', 0, 10);
          expect(others.map(({ op, values, current }) => [op, values[0], current])).toEqual([
            ['D', 2n, [2n, 'Luc', 'Brest', 5n]],
            ['I', 3n, null],
          ]);
          expect(first).toMatchObject({ marks: '0100', values: row(1n, 'Anna'), current: row(1n, 'Anne') });
          if (first === undefined) throw new Error('nothing is staged');
          await transaction.settle(first, { write: false, toEveryone: false });
          const left = await transaction.staged('person', 0, 1);
          expect(left.map(({ op }) => op)).toEqual(['D']);
          expect(await transaction.staged('person', left[0]?.id ?? 0, 10)).toHaveLength(1);
          await transaction.apply(AT_SITE);
          const written = await transaction.staged('person', 0, 10);
          expect(await transaction.doubtful('nobody', 0, 10)).toEqual([]);
          expect(written.map(({ current }) => current)).toEqual([null, row(3n, 'Eve')]);
          expect(await transaction.staged('nobody', 0, 10)).toEqual([]);
        });
      });

      test('doubts every staged change that is to be written and is not', async () => {
        await open('person');
        const changes = [
          change('U', '0100', 1n, 'ANNE', 'Lyon', 0n),
          change('D', '', 2n),
          change('I', '1111', 3n, 'Eve', null, null),
          change('U', '0001', 4n, 'Left', null, 1n),
        ];
        await database.stage(streamOf([await blockOf('person', ...changes)]), { clockOffset: 0 });
        await database.transaction(async (transaction) => {
          const left = (await transaction.staged('person', 0, 10)).find(({ values }) => values[0] === 4n);
          if (left === undefined) throw new Error('it is not staged');
          await transaction.settle(left, { write: false, toEveryone: false });
          const keys = (doubtful: readonly StagedChange[]) => doubtful.map(({ values }) => values[0]);
          const first = await transaction.doubtful('person', 0, 2);
          expect(keys(first)).toEqual([1n, 2n]);
          expect(keys(await transaction.doubtful('person', first[1]?.id ?? 0, 2))).toEqual([3n]);
          await transaction.apply(AT_SITE);
          for (const { op, values, current } of await transaction.doubtful('person', 0, 10))
            expect(current).toEqual(op === 'D' ? null : values);
        });
      });

      test('notes rows to be sent that no application wrote', async () => {
        await open('compositeKey');
        await database.transaction(async (transaction) => {
          const at = 1_750_000_000_000;
          await transaction.note({ table: 'line', op: 'U', marks: '001', key: [1n, 1n], at });
          await transaction.note({ table: 'line', op: 'D', marks: '', key: [1n, 9n], at });
        });
        expect(await captured(1)).toEqual([`D  1,9`, `U 001 1,1,'first'`]);
      });

      test('counts rows where nothing is under way, and in a round as it was taken', async () => {
        await open('person');
        const total = (included: number): Promise<number | null> =>
          database.transaction((transaction) => transaction.total('person', included));
        expect(await total(0)).toBe(2);
        await fixture.run(`DELETE FROM person WHERE id = 2`);
        expect(await total(0)).toBeNull();
        expect((await capture(1)).map((block) => block.total)).toEqual([undefined]);
        expect(await total(0)).toBeNull();
        expect(await total(1)).toBe(1);
        await database.prepare(HUB);
        await fixture.run(`UPDATE person SET points = 9 WHERE id = 1`);
        expect((await capture(1)).map((block) => block.total)).toEqual([1]);
      });
    });

    describe('a row of a conflict that is put back', () => {
      test('is an ordinary change of this database, and noted with its author', async () => {
        await open('person', 'hub');
        const id = await note(updateOf(1n, 'Anna'));
        await database.restore(id, { which: 'loser', at: 77, by: 'Marie' });
        expect(await fixture.rows('person', ['name', 'points'])).toEqual([`'Anna' 9`, `'Luc' 5`]);
        expect(await captured(1)).toEqual([`U 0101 1,'Anna','Lyon',9`]);
        const [entry] = await database.conflicts(1);
        expect(entry?.restored).toEqual({ which: 'loser', at: 77, by: 'Marie' });
      });

      test('can be exchanged for the other one again', async () => {
        await open('person');
        const id = await note(updateOf(1n, 'Anna'));
        await database.restore(id, { which: 'loser', at: 1, by: 'Marie' });
        await database.restore(id, { which: 'winner', at: 2, by: 'Paul' });
        expect(await fixture.rows('person', ['name'])).toEqual([`'Anne'`, `'Luc'`]);
        expect((await database.conflicts(1))[0]?.restored).toEqual({ which: 'winner', at: 2, by: 'Paul' });
      });

      test('is made where it is missing, and deleted where it was absent', async () => {
        await open('person');
        const missing = await note(updateOf(8n, 'Zoé'));
        await database.restore(missing, { which: 'loser', at: 1, by: 'x' });
        const deleted = await note({ ...updateOf(2n, 'Luc'), losingRow: null });
        await database.restore(deleted, { which: 'loser', at: 1, by: 'x' });
        expect(await fixture.rows('person', ['id', 'name'])).toEqual([`1 'Anne'`, `8 'Zoé'`]);
        expect(await captured(1)).toEqual(['D  2', `I 1111 8,'Zoé','Lyon',9`]);
      });

      test('is as empty as it was, whatever the types of its columns', async () => {
        await open('values');
        const columns = ['id', 'big', 'real', 'text', 'bytes'];
        const [winningRow, losingRow] = [FULL, EMPTY];
        const id = await note({ ...updateOf(1n, ''), table: 'sample', columns, winningRow, losingRow });
        for (const which of ['loser', 'winner', 'loser'] as const)
          await database.restore(id, { which, at: 1, by: 'x' });
        expect(await fixture.rows('sample', columns)).toEqual(['1 NULL NULL NULL NULL']);
      });

      test('sets off the business triggers', async () => {
        await open('businessTrigger', 'hub');
        const audited = { table: 'audited', columns: ['id', 'label'], key: [5n] } as const;
        const id = await note({ ...updateOf(5n, ''), ...audited, winningRow: null, losingRow: [5n, 'l'] });
        await database.restore(id, { which: 'loser', at: 1, by: 'x' });
        expect(await fixture.rows('audit', ['audited'])).toEqual(['5']);
      });

      test('leaves columns alone that the table got since', async () => {
        await open('person');
        const id = await note(updateOf(1n, 'Anna'));
        await fixture.addColumn('person', 'mail');
        await database.prepare(SITE);
        await fixture.run(`UPDATE person SET mail = 'a@x' WHERE id = 1`);
        await database.restore(id, { which: 'loser', at: 1, by: 'x' });
        expect((await fixture.rows('person', ['name', 'mail']))[0]).toBe(`'Anna' 'a@x'`);
      });

      test('is refused where it breaks a rule, and nothing is changed', async () => {
        await open('unique', 'hub');
        const badge = { table: 'badge', columns: ['id', 'code', 'owner'], key: [2n] } as const;
        const id = await note({ ...updateOf(2n, ''), ...badge, losingRow: [2n, 'A', 'Luc'] });
        await expect(database.restore(id, { which: 'loser', at: 1, by: 'x' })).rejects.toMatchObject({
          code: 'conflict.refused',
          params: { table: 'badge', reason: 'unique' },
        });
        expect(await database.pending()).toBe(0);
        expect((await database.conflicts(1))[0]?.restored).toBeNull();
      });

      test('is refused where a row would refer to none', async () => {
        await open('family', 'hub');
        const parent = { table: 'parent', columns: ['id', 'name'], key: [1n] } as const;
        const child = { table: 'child', columns: ['id', 'parent'], key: [4n] } as const;
        const stillUsed = await note({ ...updateOf(1n, ''), ...parent, losingRow: null });
        const lost = await note({ ...updateOf(4n, ''), ...child, losingRow: [4n, 99n] });
        for (const id of [stillUsed, lost]) {
          const restored = database.restore(id, { which: 'loser', at: 1, by: 'x' });
          await expect(restored).rejects.toMatchObject({ code: 'conflict.foreignKey' });
        }
        expect(await fixture.rows('parent', ['id'])).toEqual(['1']);
        expect(await fixture.rows('child', ['id'])).toEqual(['1']);
        expect(await database.pending()).toBe(0);
      });

      test('is refused where its table or its entry is not what it was', async () => {
        await open('person');
        const gone = await note({ ...updateOf(1n, 'Anna'), table: 'persons' });
        const columns = ['id', 'nickname', 'city', 'points'];
        const other = await note({ ...updateOf(1n, 'Anna'), columns });
        for (const id of [gone, other]) {
          const restored = database.restore(id, { which: 'loser', at: 1, by: 'x' });
          await expect(restored).rejects.toMatchObject({ code: 'conflict.tableChanged' });
        }
        await expect(database.restore(99, { which: 'loser', at: 1, by: 'x' })).rejects.toMatchObject({
          code: 'conflict.missing',
        });
      });
    });

    describe('columns that add up', () => {
      const ADDITIVE = { person: ['points'] };

      async function openAdditive(role: 'hub' | 'site' = 'site'): Promise<void> {
        await open('person', role);
        await database.declareAdditive(ADDITIVE);
        await database.prepare(role === 'hub' ? HUB : SITE);
      }

      /** What captured changes add, each as `key: adds`. */
      async function added(number: number, of = database): Promise<string[]> {
        const found: string[] = [];
        for await (const { block } of of.capture(number, ['person'])) {
          for (const { values, adds } of block.changes)
            found.push(
              `${String(values[0])}: ${adds === undefined ? '-' : adds.join()} of ${block.additive?.join() ?? '-'}`,
            );
        }
        return found.sort();
      }

      test('are numbers outside the key and outside references', async () => {
        await fixture.create('person');
        await fixture.create('family');
        await fixture.create('values');
        expect((await tableOf('person')).addable).toEqual(['points']);
        expect((await tableOf('child')).addable).toEqual([]);
        expect((await tableOf('sample')).addable).toEqual(['big', 'real']);
      });

      test('are noted once the tracking is renewed, and no others', async () => {
        await open('person');
        await database.declareAdditive({ person: ['id', 'name', 'points', 'nothing'], nowhere: ['x'] });
        expect(await tableOf('person')).toMatchObject({ additive: ['points'], tracking: 'outdated' });
        await database.prepare(SITE);
        expect(await tableOf('person')).toMatchObject({ additive: ['points'], tracking: 'installed' });
        expect(await database.pending()).toBe(0);
        await database.declareAdditive(ADDITIVE);
        expect((await tableOf('person')).tracking).toBe('installed');
        await database.declareAdditive({});
        await database.prepare(SITE);
        expect(await tableOf('person')).toMatchObject({ additive: [], tracking: 'installed' });
      });

      test('are captured with what all updates added, where that is known', async () => {
        await openAdditive();
        await fixture.run(
          `UPDATE person SET points = points - 3 WHERE id = 1`,
          `UPDATE person SET points = points + 1, city = 'Metz' WHERE id = 1`,
          `UPDATE person SET points = NULL WHERE id = 2`,
          `UPDATE person SET points = 5 WHERE id = 2`,
          `INSERT INTO person (id, name, points) VALUES (3, 'Zoé', 7)`,
          `UPDATE person SET points = 8 WHERE id = 3`,
        );
        expect(await added(1)).toEqual(['1: -2 of points', '2: - of points', '3: - of points']);
      });

      test('add nothing new when a batch is released and captured anew', async () => {
        await openAdditive();
        await fixture.run(`UPDATE person SET points = 4 WHERE id = 1`);
        expect(await added(1)).toEqual(['1: 4 of points']);
        await database.release(1);
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        expect(await added(1)).toEqual(['1: 1 of points']);
        await fixture.run(`UPDATE person SET points = 3 WHERE id = 1`);
        expect(await added(2)).toEqual(['1: 2 of points']);
      });

      test('add it all in the next batch where the hub left the table out of one', async () => {
        await openAdditive();
        await fixture.run(`UPDATE person SET points = 4 WHERE id = 1`);
        expect(await added(1)).toEqual(['1: 4 of points']);
        await database.transaction((transaction) => transaction.takeBack('person', 1));
        await fixture.run(`UPDATE person SET points = 6 WHERE id = 1`);
        expect(await added(2)).toEqual(['1: 6 of points']);
      });

      test('are not known of changes that were made before, and kept of those made since', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        await database.declareAdditive(ADDITIVE);
        await database.prepare(SITE);
        await fixture.run(`UPDATE person SET points = 2`);
        await fixture.addColumn('person', 'phone');
        await database.prepare(SITE);
        await fixture.run(`UPDATE person SET points = 4 WHERE id = 2`);
        expect(await added(1)).toEqual(['1: - of points', '2: -1 of points']);
      });

      test('tell nothing where a copy of the database may send them a second time', async () => {
        await openAdditive();
        await fixture.run(`UPDATE person SET points = 4 WHERE id = 1`);
        const copy = await fixture.copy();
        await copy.prepare({ id: 'another site', role: 'site' });
        expect(await added(1, copy)).toEqual(['1: - of -']);
        expect(await added(1)).toEqual(['1: 4 of points']);
      });

      test('are not known of changes that are sent again, which may have been counted', async () => {
        await openAdditive();
        await fixture.run(
          `UPDATE person SET points = 4 WHERE id = 1`,
          `UPDATE person SET points = 4 WHERE id = 2`,
        );
        await added(1);
        await database.resend(0);
        await fixture.run(`UPDATE person SET points = 6 WHERE id = 1`);
        expect(await added(2)).toEqual(['1: - of -', '2: - of -']);
      });

      test('are not known of what an old copy had not sent, and known of what it changes from then on', async () => {
        await openAdditive();
        await fixture.run(`UPDATE person SET points = 4 WHERE id = 1`);
        await added(1);
        await fixture.run(
          `UPDATE person SET points = 6 WHERE id = 1`,
          `UPDATE person SET points = 4 WHERE id = 2`,
        );
        await database.transaction((transaction) => transaction.forgetSums());
        expect(await added(2)).toEqual(['1: - of -', '2: - of -']);
        await fixture.run(`UPDATE person SET points = 7 WHERE id = 1`);
        expect(await added(3)).toEqual(['1: 1 of points']);
        await database.release(1);
        expect(await added(1)).toEqual(['1: 4 of points']);
      });

      test('come with what a change adds to each, and with the row that was deleted', async () => {
        await openAdditive('hub');
        await fixture.run(`UPDATE person SET points = 9`, `DELETE FROM person WHERE id = 2`);
        const block = await blockOf(
          'person',
          { ...change('U', '0001', 1n, 'Anne', 'Lyon', 3n), adds: [3n] },
          { ...change('U', '0010', 2n, 'Luc', 'Metz', 5n) },
        );
        await database.stage(streamOf([{ ...block, additive: ['points'] }]), { clockOffset: 0 });
        const met = await database.transaction((transaction) => transaction.contested(atHub(1)));
        expect(met.map(({ change: { adds, current }, removed }) => ({ adds, current, removed }))).toEqual([
          { adds: [null, null, null, 3n], current: [1n, 'Anne', 'Lyon', 9n], removed: undefined },
          { adds: [null, null, null, 0n], current: null, removed: [2n, 'Luc', 'Brest', 9n] },
        ]);
      });

      test('keep their sum when the rest of the row is put back', async () => {
        await openAdditive('hub');
        const id = await note({ ...updateOf(1n, 'Ann'), added: ['points'] });
        await fixture.run(`UPDATE person SET points = 20 WHERE id = 1`);
        await database.restore(id, { which: 'loser', at: 1, by: 'Anne' });
        expect((await fixture.rows('person', ['id', 'name', 'points']))[0]).toBe(`1 'Ann' 20`);
      });
    });

    describe('prepare again', () => {
      test('changes nothing where nothing changed', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        await database.prepare(SITE);
        expect(await captured(1)).toEqual([`U 0001 1,'Anne','Lyon',1`]);
        await database.prepare(SITE);
        expect(await database.state()).toMatchObject({ lastMarked: 1 });
      });

      test('keeps pending changes when a column came, and logs what was written in it meanwhile', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`, `DELETE FROM person WHERE id = 2`);
        await fixture.run(
          `INSERT INTO person (id, name) VALUES (3, 'Zoé')`,
          `INSERT INTO person (id, name) VALUES (4, 'Noé')`,
        );
        await capture(1);
        await database.release(1);
        await fixture.addColumn('person', 'phone');
        await fixture.run(
          `UPDATE person SET phone = '06' WHERE id = 4`,
          `UPDATE person SET name = 'Anna' WHERE id = 1`,
        );
        await database.prepare(SITE);
        await fixture.run(`UPDATE person SET phone = '07' WHERE id = 3`);
        expect(await captured(1)).toEqual([
          'D  2',
          `I 11111 3,'Zoé',null,null,'07'`,
          `I 11111 4,'Noé',null,null,'06'`,
          `U 01010 1,'Anna','Lyon',1,null`,
        ]);
      });

      test('logs all rows of a table that came later', async () => {
        await open('textKey');
        await fixture.create('person');
        await database.prepare(SITE);
        expect(await captured(1)).toEqual([`I 1111 1,'Anne','Lyon',0`, `I 1111 2,'Luc','Brest',5`]);
      });

      test('a copy of a site, elsewhere, starts its own numbers and keeps what was not sent for good', async () => {
        await open('person');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        await capture(1);
        await database.transaction((transaction) => transaction.recordPosition(9, 1));
        await fixture.run(`UPDATE person SET points = 2 WHERE id = 2`);
        await capture(2);
        await fixture.run(`INSERT INTO person (id, name) VALUES (3, 'Zoé')`);
        const copy = await fixture.copy();
        await copy.prepare({ id: 'another site', role: 'site' });
        expect(await copy.state()).toMatchObject({
          installation: 'another site',
          lastMarked: 0,
          position: 9,
          included: 0,
        });
        expect(await copy.pending()).toBe(2);
        expect(await database.pending()).toBe(1);
      });

      test('a site made from a copy of the hub starts at the hub’s last round, with nothing to send', async () => {
        await open('person', 'hub');
        await fixture.run(`UPDATE person SET points = 1 WHERE id = 1`);
        await capture(5);
        await fixture.run(`UPDATE person SET points = 2 WHERE id = 2`);
        await database.transaction((transaction) =>
          transaction.recordMerged({ site: 1, batch: 1, sha256: 'x', declined: [] }),
        );
        const copy = await fixture.copy();
        await copy.prepare({ id: 'new site', role: 'site' });
        expect(await copy.state()).toMatchObject({ role: 'site', lastMarked: 0, position: 5 });
        expect(await copy.pending()).toBe(0);
        expect(await copy.ledger()).toEqual([]);
      });
    });
  });
}

/** Rows of `sample`. */
const FULL: readonly Value[] = [1n, 2n, 1.5, 'x', new Uint8Array([1])];
const EMPTY: readonly Value[] = [1n, null, null, null, null];

function change(op: Change['op'], marks: string, ...values: Value[]): Change {
  return { op, marks, changedAt: 1_750_000_000_000, base: null, values };
}

/** A stream of what is at hand. */
async function* streamOf(blocks: readonly Block[]): AsyncGenerator<Block> {
  for (const block of blocks) yield await Promise.resolve(block);
}

const textOf = ({ op, marks, values }: Pick<Change, 'op' | 'marks' | 'values'>): string =>
  `${op} ${marks} ${values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(',')}`;
