/** Rows and tables that are hard on SQL Server: none may stop a night, be lost, or number others wrongly. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/batch/block';
import { openMssql } from '../../src/database/mssql/database';
import type { Database, Unseen, Violation } from '../../src/database/port';
import { applyUntilAccepted } from '../../src/merge/apply-until-accepted';
import {
  connectTo,
  makeMssqlDatabase,
  onceFree,
  serverAddress,
  type MssqlBusiness,
} from '../support/mssql-business';
import { capturedFrom, change, stageIn, textOf, violationsIn } from '../support/mssql-changes';

const HUB = { id: 'the hub', role: 'hub' } as const;
const SITE = { id: 'a site', role: 'site' } as const;
const AT_HUB: Unseen = { at: 'hub', author: 1, base: 0 };

describe.skipIf(serverAddress === null)('hard rows and tables on SQL Server', () => {
  let business: MssqlBusiness;
  let database: Database;

  beforeEach(async () => {
    business = await makeMssqlDatabase();
    database = await openMssql(business.address);
  });
  afterEach(async () => {
    await database.close();
    await business.drop();
  });

  /** Merges as a hub does, and tells what it had to put aside. */
  async function merged(table: string, ...changes: readonly Change[]): Promise<string[]> {
    await stageIn(database, table, ...changes);
    return database.transaction(async (transaction) => {
      const aside: string[] = [];
      await transaction.contested(AT_HUB);
      await applyUntilAccepted(transaction, AT_HUB, async (violation: Violation) => {
        aside.push([violation.kind, ...violation.change.values.map(textOf)].join(' '));
        await transaction.settle(violation.change, { write: false, toEveryone: true });
        return true;
      });
      return aside;
    });
  }

  const keysOf = async (table: string): Promise<unknown[]> =>
    (await business.query(`SELECT id FROM ${table} ORDER BY id`)).flat();

  test('a key that no row here can have is put aside, and the others go in', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY, v int)', 'INSERT INTO t VALUES (1, 1)');
    await database.prepare(HUB);
    const rows = [change('I', '11', 2n ** 40n, 1n), change('I', '11', 2n, 2n)];
    expect(await merged('t', ...rows)).toEqual(['refused 1099511627776 1']);
    expect(await keysOf('t')).toEqual([1, 2]);
    expect(await capturedFrom(database, 1)).toEqual(['I 11 2 2']);
  });

  test('rows that end the transaction are put aside, and the others go in', async () => {
    await business.run(
      'CREATE TABLE plain (id int PRIMARY KEY, v int)',
      'CREATE TABLE coded (id int IDENTITY PRIMARY KEY, code nvarchar(9) CHECK (CONVERT(smallmoney, code) > 0))',
    );
    await database.prepare(HUB);
    const codes = ['1', '2', 'x', '4', '-5', 'y', '7'];
    const rows = codes.map((code, at) => change('I', '11', BigInt(at), code));
    expect((await merged('coded', ...rows)).sort()).toEqual([
      "refused 2 'x'",
      "refused 4 '-5'",
      "refused 5 'y'",
    ]);
    expect(await keysOf('coded')).toEqual([0, 1, 3, 6]);
    // Nothing of it stays behind.
    expect(await merged('plain', change('I', '11', 1n, 1n))).toEqual([]);
    await business.run('INSERT INTO plain VALUES (2, 2)');
    expect((await capturedFrom(database, 1)).filter((text) => text.startsWith('I 11'))).toEqual([
      "I 11 0 '1'",
      "I 11 1 '2'",
      'I 11 1 1',
      'I 11 2 2',
      "I 11 3 '4'",
      "I 11 6 '7'",
    ]);
  });

  test('a key in another code page than the database’s is asked for as it is', async () => {
    await business.run('CREATE TABLE town (code varchar(10) COLLATE Greek_CI_AS PRIMARY KEY, v int)');
    await database.prepare(SITE);
    await database.transaction((transaction) =>
      transaction.ask({ table: 'town', keyColumns: ['code'], key: ['Αθήνα'], base: 1, until: null }),
    );
    expect(await capturedFrom(database, 1)).toEqual(["R  'Αθήνα'"]);
  });

  test('a row that is put back does not take the counter of new rows out of its range', async () => {
    await business.run('CREATE TABLE ticket (id int IDENTITY PRIMARY KEY, v int)');
    await database.prepare(SITE);
    await database.assignKeyRanges(3);
    await database.transaction((transaction) =>
      transaction.journal({
        ...{ table: 'ticket', columns: ['id', 'v'], keyCount: 1, key: [70_000_001n], reason: null },
        ...{ kind: 'updateDeleted', rule: 'dataWins', winner: 0, loser: 2, winnerAt: null, loserAt: 5 },
        ...{ winningRow: null, losingRow: [70_000_001n, 1n], at: 6, site: 2, batch: 1 },
      }),
    );
    const [entry] = await database.conflicts(1);
    await database.restore(entry?.id ?? 0, { which: 'loser', at: 7, by: 'somebody' });
    await business.run('INSERT INTO ticket (v) VALUES (2)');
    const [id = 0] = (await business.query('SELECT id FROM ticket WHERE v = 2')).flat().map(Number);
    expect(id).toBeGreaterThanOrEqual(30_000_000);
    expect(id).toBeLessThanOrEqual(39_999_999);
  });

  /** A server that locks no table whatever it is told cannot show who waits for one. */
  async function locksTables(): Promise<boolean> {
    await business.run('BEGIN TRANSACTION', 'SELECT TOP (1) 1 FROM ticket WITH (TABLOCK, HOLDLOCK)');
    const other = await connectTo(business.address);
    await other.run('SET LOCK_TIMEOUT 100');
    const waits = await other.run('INSERT INTO ticket (v) VALUES (0)').then(
      () => false,
      () => true,
    );
    await other.close();
    await business.run('ROLLBACK');
    return waits;
  }

  test('while rows of other places come, nobody is given a number of their range', async (context) => {
    await business.run('CREATE TABLE ticket (id int IDENTITY PRIMARY KEY, v int)');
    await database.prepare(SITE);
    if (!(await locksTables())) context.skip('this server locks no tables');
    await database.assignKeyRanges(3);
    await stageIn(database, 'ticket', change('I', '11', 70_000_001n, 1n));
    let written: Promise<void> = Promise.resolve();
    await database.transaction(async (transaction) => {
      expect(await violationsIn(transaction)).toEqual([]);
      written = business.run('INSERT INTO ticket (v) VALUES (2)');
      // Wherever it gets before this transaction ends, it got there before these answers.
      for (let answer = 0; answer < 50; answer += 1) await transaction.written();
    });
    await written;
    const [id = 0] = (await business.query('SELECT id FROM ticket WHERE v = 2')).flat().map(Number);
    expect(id).toBeGreaterThanOrEqual(30_000_000);
    expect(id).toBeLessThanOrEqual(39_999_999);
  });

  test('a table with more columns or bytes than the log has room for is named, and leaves the others alone', async () => {
    const columns = (count: number): string =>
      Array.from({ length: count }, (_, at) => `c${String(at)} int`).join(', ');
    await business.run(
      `CREATE TABLE wide (id int PRIMARY KEY, ${columns(1011)})`,
      `CREATE TABLE nearly (id int PRIMARY KEY, ${columns(1010)})`,
      'CREATE TABLE long (id int PRIMARY KEY, a char(8000), b nvarchar(max))',
    );
    const { tables, excluded } = await database.catalogue();
    expect(tables.map(({ name }) => name)).toEqual(['nearly']);
    expect(excluded).toEqual([
      { name: 'long', reason: 'rowsTooLong' },
      { name: 'wide', reason: 'tooManyColumns' },
    ]);
    // Sums take two more columns each.
    expect(tables[0]?.addable).toEqual([]);
    await database.prepare(SITE);
    await business.run('INSERT INTO wide (id) VALUES (1)', 'INSERT INTO nearly (id, c9) VALUES (1, 5)');
    const [found = ''] = await capturedFrom(database, 1);
    expect(found.split(' ')[12]).toBe('5');
    const [, marks = '', ...values] = found.split(' ');
    await stageIn(database, 'nearly', change('I', marks, 2n, ...values.slice(1).map(() => 7n)));
    expect(await database.transaction((transaction) => violationsIn(transaction))).toEqual([]);
    expect(await business.query('SELECT id, c0, c1009 FROM nearly WHERE id = 2')).toEqual([[2, 7, 7]]);
  });

  test('who may write into a table of another owner still may once it is tracked', async () => {
    const login = `clerk_${business.name}`;
    const password = 'For-tests-0nly';
    await business.run(
      `CREATE LOGIN ${login} WITH PASSWORD = '${password}'`,
      `CREATE USER ${login} FOR LOGIN ${login}`,
    );
    try {
      await business.run(
        `CREATE SCHEMA shop AUTHORIZATION ${login}`,
        'CREATE TABLE shop.orders (id int PRIMARY KEY, v int)',
      );
      await database.prepare(SITE);
      const clerk = await connectTo(business.address.replace(/\/\/[^@]*@/, `//${login}:${password}@`));
      await clerk.run('INSERT INTO shop.orders VALUES (1, 2)').finally(() => clerk.close());
      expect(await capturedFrom(database, 1)).toEqual(['I 11 1 2']);
    } finally {
      await business.run(`DROP TABLE shop.orders`, 'DROP SCHEMA shop', `DROP USER ${login}`);
      await onceFree(() => business.run(`DROP LOGIN ${login}`));
    }
  });
});
