import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Block, Change, Value } from '../../src/batch/block';
import { parseAddress } from '../../src/database/mssql/address';
import { copyOf, markAndCopy } from '../../src/database/mssql/capture';
import { readCatalogue } from '../../src/database/mssql/catalogue';
import { Connection } from '../../src/database/mssql/connection';
import { openMssql } from '../../src/database/mssql/database';
import { blocksOf } from '../../src/database/mssql/pending-lines';
import type { Database } from '../../src/database/port';
import { openLine } from '../support/cuttable-line';
import { connectTo, makeMssqlDatabase, serverAddress, type MssqlBusiness } from '../support/mssql-business';
import {
  AT_SITE,
  capturedFrom,
  change,
  stageIn,
  streamOf,
  textOf,
  violationsIn,
} from '../support/mssql-changes';

const SITE = { id: 'a site', role: 'site' } as const;

describe.skipIf(serverAddress === null)('what is SQL Server’s own', () => {
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

  const changes = (number: number): Promise<string[]> => capturedFrom(database, number);
  const stage = (table: string, ...staged: Change[]): Promise<void> => stageIn(database, table, ...staged);
  const refused = (): Promise<string[]> => database.transaction((transaction) => violationsIn(transaction));

  /** Writes another row than the one that came. */
  async function settled(table: string, came: Change, values: readonly Value[]): Promise<string[]> {
    await stage(table, came);
    return database.transaction(async (transaction) => {
      const [change] = await transaction.staged(table, 0, 1);
      if (change === undefined) throw new Error('nothing is staged');
      await transaction.settle(change, { write: true, toEveryone: true, values });
      return violationsIn(transaction);
    });
  }

  test('tables of other schemas, whatever their names, and those that are left out, with the reason', async () => {
    await business.run(
      'CREATE SCHEMA sales',
      'CREATE TABLE sales.orders (id int PRIMARY KEY)',
      'CREATE TABLE [sales.orders] (id int PRIMARY KEY)',
      'CREATE TABLE [where]([group] int PRIMARY KEY, [a b é] int)',
      'CREATE TABLE variant (id int PRIMARY KEY, v sql_variant)',
      'CREATE TABLE nothing (id int)',
    );
    const { tables, excluded } = await database.catalogue();
    expect(tables.map(({ name }) => name)).toEqual(['[sales.orders]', 'sales.orders', 'where']);
    expect(excluded).toEqual([
      { name: 'nothing', reason: 'noKey' },
      { name: 'variant', reason: 'unsupportedType' },
    ]);
    await database.prepare(SITE);
    await business.run('INSERT INTO [where] VALUES (1, 2)', 'INSERT INTO sales.orders VALUES (7)');
    expect(await changes(1)).toEqual(['I 1 7', 'I 11 1 2']);
  });

  test('decimals and money that add up, exact to the last digit', async () => {
    await business.run(
      'CREATE TABLE account (id int PRIMARY KEY, flag bit, amount decimal(30, 4), price money)',
      `INSERT INTO account VALUES (1, 0, 99999999999999999999999999.0001, 1.10)`,
    );
    await database.prepare(SITE);
    expect((await database.catalogue()).tables[0]?.addable).toEqual(['amount', 'price']);
    await database.declareAdditive({ account: ['amount', 'price'] });
    await database.prepare(SITE);
    await business.run(
      'UPDATE account SET amount = amount - 0.0002, price = price + 0.1',
      'UPDATE account SET amount = amount - 0.0001, price = price + 0.2',
    );
    const found: (readonly Value[] | undefined)[] = [];
    for await (const { block } of database.capture(1, ['account']))
      found.push(...block.changes.map(({ adds }) => adds));
    expect(found).toEqual([['-0.0003', '0.3000']]);
  });

  test('a sum of single precision is written as exactly as its column can hold it', async () => {
    await business.run(
      'CREATE TABLE account (id int PRIMARY KEY, amount real, rate real)',
      'INSERT INTO account VALUES (1, 0.1, 0.1)',
    );
    await database.prepare(SITE);
    await database.declareAdditive({ account: ['amount'] });
    await database.prepare(SITE);
    const written = (sum: number, rate: number): Promise<string[]> =>
      settled('account', change('U', '011', 1n, 0.5, 0.5), [1n, sum, rate]);
    expect(await written(Math.fround(0.1) + Math.fround(0.2), 0.5)).toEqual([]);
    expect(await business.query('SELECT amount FROM account')).toEqual([[Math.fround(0.3)]]);
    expect(await written(0.5, 0.3)).toEqual(['refused value 1 0.5 0.3']);
  });

  test('a number beyond all integers is written in place of the one that came', async () => {
    await business.run('CREATE TABLE star (id int PRIMARY KEY, mass float, age int, near bit)');
    await database.prepare(SITE);
    const came = change('I', '1111', 1n, 1, 1n, 0n);
    expect(await settled('star', came, [1n, 1e300, -5n, 1n])).toEqual([]);
    expect(await business.query('SELECT * FROM star')).toEqual([[1, 1e300, -5, true]]);
  });

  test('a question about a key waits beside one about another that only case tells apart', async () => {
    await business.run('CREATE TABLE other (id int PRIMARY KEY)');
    await database.prepare(SITE);
    const ask = (key: string): Promise<void> =>
      database.transaction((transaction) =>
        transaction.ask({ table: 'word', keyColumns: ['code'], key: [key], base: 3, until: null }),
      );
    for (const key of ['a', 'A', 'a']) await ask(key);
    await database.purge({ upTo: 0, except: [], conflictsBefore: 0 });
    await business.run('CREATE TABLE word (code nvarchar(10) COLLATE Latin1_General_CS_AS PRIMARY KEY)');
    await database.prepare(SITE);
    expect(await changes(1)).toEqual(["R  'A'", "R  'a'"]);
  });

  test('what goes wrong in a capture has a code of ours', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY)');
    await database.prepare(SITE);
    await business.run('DROP TABLE sync.state');
    await expect(changes(1)).rejects.toMatchObject({ code: 'database.refused' });
  });

  test('several rows in one statement, cascades, and whatever NOCOUNT says', async () => {
    await business.run(
      'CREATE TABLE parent (id int PRIMARY KEY, name nvarchar(20))',
      'CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent (id) ON DELETE CASCADE)',
      `INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
      'INSERT INTO child VALUES (10, 1), (11, 1), (12, 2)',
    );
    await database.prepare(SITE);
    await business.run('SET NOCOUNT ON', `UPDATE parent SET name = name + 'x' WHERE id > 1`);
    await business.run('SET NOCOUNT OFF', 'DELETE FROM parent WHERE id = 1');
    expect(await changes(1)).toEqual(['D  1', 'D  10', 'D  11', "U 01 2 'bx'", "U 01 3 'cx'"]);
  });

  test('case and trailing blanks are changes, whatever the collation thinks', async () => {
    await business.run(
      'CREATE TABLE word (id int PRIMARY KEY, v nvarchar(20), w varbinary(10))',
      `INSERT INTO word VALUES (1, 'a', 0x01), (2, 'b', 0x01)`,
    );
    await database.prepare(SITE);
    await business.run(
      `UPDATE word SET v = 'A' WHERE id = 1`,
      `UPDATE word SET v = 'b ', w = 0x0100 WHERE id = 2`,
    );
    expect(await changes(1)).toEqual(["U 010 1 'A' 01", "U 011 2 'b ' 0100"]);
  });

  test('the application is told the same counts and identities as without the tracking', async () => {
    await business.run(
      'CREATE TABLE counted (id int IDENTITY(5, 1) PRIMARY KEY, v int)',
      'CREATE TABLE other (id int IDENTITY(900, 1) PRIMARY KEY, v int)',
    );
    await database.prepare(SITE);
    const told = await business.query(
      'INSERT INTO counted (v) VALUES (1), (2), (3); SELECT @@ROWCOUNT, SCOPE_IDENTITY(), @@IDENTITY',
    );
    const [rows, inScope, last] = (told[0] ?? []).map(Number);
    expect([rows, inScope]).toEqual([3, 7]);
    if (await sequencesAreNoIdentities()) expect(last).toBe(7);
    const updated = await business.query('UPDATE counted SET v = 9 WHERE id < 7; SELECT @@ROWCOUNT');
    expect(updated).toEqual([[2]]);
  });

  /** So it is in SQL Server; a server that takes a sequence's number for an identity cannot show what we want to see. */
  async function sequencesAreNoIdentities(): Promise<boolean> {
    await business.run('CREATE SEQUENCE probe START WITH 555');
    const [[last] = []] = await business.query(
      'INSERT INTO other (v) VALUES (1); DECLARE @n bigint = NEXT VALUE FOR probe; SELECT @@IDENTITY',
    );
    return Number(last) === 900;
  }

  test('a row that a rule of the table refuses stands alone, the others can go in', async () => {
    await business.run(
      'CREATE TABLE person (id int PRIMARY KEY, age int CONSTRAINT age_rule CHECK (age < 200), name nvarchar(5) NOT NULL)',
    );
    await database.prepare(SITE);
    const rows = Array.from({ length: 40 }, (_, id): Value[] => [BigInt(id), BigInt(id), 'x']);
    rows[7] = [7n, 777n, 'old'];
    rows[23] = [23n, 1n, null];
    rows[31] = [31n, 1n, 'too long'];
    await stage('person', ...rows.map((row) => change('I', '111', ...row)));
    expect((await refused()).sort()).toEqual(["refused tooLong 31 1 'too long'"]);
    rows[31] = [31n, 1n, 'fits'];
    await stage('person', ...rows.map((row) => change('I', '111', ...row)));
    expect((await refused()).sort()).toEqual(["refused check 7 777 'old'", 'refused notNull 23 1 null']);
    expect(await business.query('SELECT COUNT(*) FROM person')).toEqual([[0]]);
  });

  test('a journal that an older version made gets its place for refused rows with the first that ends', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY)');
    await database.prepare({ id: 'the hub', role: 'hub' });
    await business.run('DROP TABLE sync.refused');
    const row = { table: 't', columns: ['id'], keyCount: 1, key: [1n], winningRow: null, losingRow: [1n] };
    const who = { winner: 0, loser: 2, winnerAt: null, loserAt: 5, at: 6, site: 2, batch: 1 };
    await database.transaction((transaction) =>
      transaction.journal({ ...row, ...who, kind: 'refused', rule: 'refused', reason: 'tooLong' }),
    );
    const [entry] = await database.conflicts(1, { waiting: true });
    expect(entry?.refused).toEqual({ outcome: 'waiting', at: null });
    await database.transaction((transaction) =>
      transaction.endRefused(entry?.id ?? 0, { outcome: 'passed', at: 9 }),
    );
    expect((await database.conflicts(1))[0]?.refused).toEqual({ outcome: 'passed', at: 9 });
    expect(await database.countConflicts({ waiting: true })).toBe(0);
  });

  test('a key with trailing spaces is the same key: it meets the row that is here', async () => {
    await business.run('CREATE TABLE t (code nvarchar(5) PRIMARY KEY, word nvarchar(5))');
    await database.prepare({ id: 'the hub', role: 'hub' });
    await business.run("INSERT INTO t VALUES ('a', 'here')");
    await stage('t', change('I', '11', 'a  ', 'there'));
    const contested = await database.transaction((transaction) =>
      transaction.contested({ at: 'hub', author: 1, base: 0 }),
    );
    expect(contested).toMatchObject([
      { change: { values: ['a  ', 'there'], current: ['a', 'here'] }, here: { inserted: true } },
    ]);
  });

  test('values that a column cannot hold go back whole', async () => {
    await business.run('CREATE TABLE money (id int PRIMARY KEY, amount decimal(6, 2), day date)');
    await database.prepare(SITE);
    await stage(
      'money',
      change('I', '111', 1n, '12.345', '2024-02-30'),
      change('I', '111', 2n, '12.34', '2024-02-29'),
      change('I', '111', 2n ** 40n, '0', null),
    );
    expect(await refused()).toEqual([
      "refused value 1 '12.345' '2024-02-30'",
      "refused value 1099511627776 '0' null",
    ]);
  });

  test('rows that refer to each other in a circle, and to themselves', async () => {
    await business.run(
      'CREATE TABLE team (id int PRIMARY KEY, captain int NULL)',
      'CREATE TABLE player (id int PRIMARY KEY, team int NOT NULL REFERENCES team (id), mentor int NULL REFERENCES player (id))',
      'ALTER TABLE team ADD CONSTRAINT team_captain FOREIGN KEY (captain) REFERENCES player (id)',
    );
    await database.prepare(SITE);
    const { columns, keyCount } = (await database.catalogue()).tables.find(({ name }) => name === 'team') ?? {
      columns: [],
      keyCount: 0,
    };
    const players: Block = {
      table: 'player',
      columns: ['id', 'team', 'mentor'],
      keyCount: 1,
      changes: [change('I', '111', 1n, 5n, 2n), change('I', '111', 2n, 5n, null)],
    };
    const teams: Block = { table: 'team', columns, keyCount, changes: [change('I', '11', 5n, 2n)] };
    await database.stage(streamOf(players, teams), { clockOffset: 0 });
    expect(await refused()).toEqual([]);
    expect(await business.query('SELECT id, captain FROM team')).toEqual([[5, 2]]);
    expect(await business.query('SELECT id, team, mentor FROM player ORDER BY id')).toEqual([
      [1, 5, 2],
      [2, 5, null],
    ]);
  });

  test('each place makes keys of its own range, whatever rows come from others', async () => {
    await business.run(
      'CREATE TABLE ticket (id int IDENTITY PRIMARY KEY, v int)',
      'INSERT INTO ticket (v) VALUES (1), (2)',
    );
    await database.prepare(SITE);
    expect(await database.assignKeyRanges(3)).toEqual([
      { table: 'ticket', from: 30_000_000n, to: 39_999_999n, used: 0 },
    ]);
    await stage('ticket', change('I', '11', 70_000_001n, 9n));
    expect(await refused()).toEqual([]);
    await business.run('INSERT INTO ticket (v) VALUES (3)', 'INSERT INTO ticket (v) VALUES (4)');
    const made = (await business.query('SELECT id FROM ticket WHERE v IN (3, 4) ORDER BY id')).map(([id]) =>
      Number(id),
    );
    expect(made.every((id) => id >= 30_000_000 && id <= 30_000_003)).toBe(true);
    const [range] = await database.assignKeyRanges(3);
    expect(range?.used).toBeGreaterThan(0);
  });

  test('a column that the server has no trace of in triggers is marked by its name, and travels', async () => {
    await business.run(
      'CREATE TABLE old (id int PRIMARY KEY, note text, picture image, plain int)',
      `INSERT INTO old VALUES (1, 'été', 0x0102, 1)`,
    );
    await database.prepare(SITE);
    await business.run(`UPDATE old SET note = 'hiver' WHERE id = 1`, 'UPDATE old SET plain = 2 WHERE id = 1');
    expect(await changes(1)).toEqual(["U 0101 1 'hiver' 0102 2"]);
    await stage('old', change('I', '1111', 2n, 'écrit', new Uint8Array([9]), 3n));
    expect(await refused()).toEqual([]);
    await business.run('UPDATE old SET plain = 4 WHERE id = 2');
    expect(await changes(2)).toEqual(["U 0001 2 'écrit' 09 4"]);
  });

  test('a trigger that was switched off is noticed, and what was written meanwhile is sent whole', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY, v int)', 'INSERT INTO t VALUES (1, 1)');
    await database.prepare(SITE);
    const [[trigger] = []] = await business.query("SELECT name FROM sys.triggers WHERE name LIKE 'sync$%'");
    await business.run(`DISABLE TRIGGER [${String(trigger)}] ON t`, 'UPDATE t SET v = 2');
    expect((await database.catalogue()).tables[0]?.tracking).toBe('outdated');
    await database.prepare(SITE);
    expect(await changes(1)).toEqual(['U 11 1 2']);
  });

  test('two engines never write at once', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY, v int)');
    await database.prepare(SITE);
    const second = await openMssql(business.address);
    const order: string[] = [];
    let inside = (): void => undefined;
    const entered = new Promise<void>((resolve) => (inside = resolve));
    const first = database.transaction(async () => {
      inside();
      // The other one has asked for the lock once its transaction is open; it must not get further.
      await new Promise((resolve) => setTimeout(resolve, 300));
      order.push('first');
    });
    await entered;
    await second.transaction(() => Promise.resolve(order.push('second')));
    await first;
    await second.close();
    expect(order).toEqual(['first', 'second']);
  });

  test('a line that is cut in the middle leaves the old state, can be tried again, and applies once', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY, v int)');
    const target = new URL(business.address);
    const line = await openLine(target.hostname, Number(target.port));
    const through = await openMssql(business.address.replace(`:${target.port}/`, `:${String(line.port)}/`));
    await through.prepare(SITE);
    const block: Block = {
      table: 't',
      columns: ['id', 'v'],
      keyCount: 1,
      changes: [change('I', '11', 1n, 1n)],
    };
    const write = async (cut: boolean): Promise<void> => {
      await through.stage(streamOf(block), { clockOffset: 0 });
      await through.transaction(async (transaction) => {
        expect(await transaction.apply(AT_SITE)).toEqual([]);
        if (cut) line.cut();
        await transaction.recordPosition(1, 0);
      });
    };
    await expect(write(true)).rejects.toMatchObject({ code: 'database.connectionLost', retryable: true });
    expect(await business.query('SELECT COUNT(*) FROM t')).toEqual([[0]]);
    await write(false);
    expect(await business.query('SELECT COUNT(*) FROM t')).toEqual([[1]]);
    expect(await through.state()).toMatchObject({ position: 1 });
    await through.close();
    await line.close();
  });

  test('a limit that the application set for its own statements holds for these alone', async () => {
    await business.run(
      'CREATE TABLE t (id int PRIMARY KEY, v int)',
      'INSERT INTO t VALUES (1, 1), (2, 1), (3, 1)',
    );
    await database.prepare(SITE);
    await business.run('SET ROWCOUNT 2', 'UPDATE t SET v = 2', 'UPDATE t SET id = id + 10', 'SET ROWCOUNT 0');
    const now = (await business.query('SELECT id, v FROM t')).map(
      ([id, v]) => [Number(id), Number(v)] as const,
    );
    const gone = [1, 2, 3].filter((id) => !now.some(([kept]) => kept === id));
    expect(gone).toHaveLength(2);
    const written = now.filter(([id, v]) => id > 10 || v === 2);
    expect(await changes(1)).toEqual(
      [
        ...gone.map((id) => `D  ${String(id)}`),
        ...written.map(([id, v]) => `${id > 10 ? 'I 11' : 'U 01'} ${String(id)} ${String(v)}`),
      ].sort(),
    );
  });

  test('what the application changes while a round is judged is never written over', async () => {
    await business.run(
      'CREATE TABLE t (id int PRIMARY KEY, v int)',
      'INSERT INTO t VALUES (1, 1), (2, 1), (4, 1)',
    );
    await database.prepare(SITE);
    await business.run('UPDATE t SET v = 2 WHERE id = 2');
    /** Which rows it leaves as they are. */
    const apply = async (came: readonly Change[], meanwhile: string): Promise<Value[]> => {
      await stage('t', ...came);
      return database.transaction(async (transaction) => {
        const contested = await transaction.contested(AT_SITE);
        for (const { change } of contested)
          await transaction.settle(change, { write: false, toEveryone: false });
        await business.run(meanwhile);
        expect(await transaction.apply(AT_SITE)).toEqual([]);
        return contested.flatMap(({ change }) => change.values[0] ?? null);
      });
    };
    const two = change('U', '01', 2n, 9n);
    for (const [came, meanwhile] of [
      [change('U', '01', 1n, 9n), 'UPDATE t SET v = 5 WHERE id = 1'],
      [change('I', '11', 3n, 9n), 'INSERT INTO t VALUES (3, 6)'],
      [change('U', '01', 4n, 9n), 'DELETE FROM t WHERE id = 4'],
    ] as const)
      await expect(apply([two, came], meanwhile)).rejects.toMatchObject({
        code: 'database.busy',
        retryable: true,
      });
    // With a row that is left as it is, it may do what it likes.
    expect(await apply([two, change('I', '11', 5n, 9n)], 'UPDATE t SET v = 7 WHERE id = 2')).toEqual([2n]);
    expect(await business.query('SELECT * FROM t ORDER BY id')).toEqual([
      [1, 5],
      [2, 7],
      [3, 6],
      [5, 9],
    ]);
  });

  test('an error that ends the transaction leaves nothing written, and the next one goes on', async () => {
    await business.run(
      'CREATE TABLE coded (id int IDENTITY PRIMARY KEY, code nvarchar(9) CHECK (CONVERT(int, code) > 0))',
      'CREATE TABLE plain (id int IDENTITY PRIMARY KEY, code nvarchar(9))',
    );
    await database.prepare(SITE);
    const rows = ['1', '2', 'x', '4'].map((code, id) => change('I', '11', BigInt(id), code));
    await stage('coded', ...rows);
    // Whether it does depends on the server; where it does not, the row at fault is told.
    await expect(refused().catch(() => ["refused other 2 'x'"])).resolves.toEqual(["refused other 2 'x'"]);
    expect(await business.query('SELECT * FROM coded')).toEqual([]);
    await stage('plain', change('I', '11', 1n, 'x'));
    expect(await refused()).toEqual([]);
    expect(await business.query('SELECT * FROM plain')).toEqual([[1, 'x']]);
  });

  test('text that is no XML is told apart, and the others can go in', async () => {
    await business.run('CREATE TABLE document (id int PRIMARY KEY, body xml)');
    await database.prepare(SITE);
    const rows = [
      change('I', '11', 1n, '<a>é</a>'),
      change('I', '11', 2n, '<a'),
      change('I', '11', 3n, null),
    ];
    await stage('document', ...rows);
    // Before the row is written where the server can look for it, else by its error.
    expect(await refused()).toEqual([expect.stringMatching(/^refused (value|other) 2 '<a'$/)]);
    await stage('document', ...rows.filter((_, at) => at !== 1));
    expect(await refused()).toEqual([]);
    expect(await business.query('SELECT COUNT(*) FROM document')).toEqual([[2]]);
  });

  test('a counter within its range is left alone: the application may be counting', async () => {
    await business.run('CREATE TABLE ticket (id int IDENTITY PRIMARY KEY, v int)');
    await database.prepare(SITE);
    await database.assignKeyRanges(3);
    await business.run('INSERT INTO ticket (v) VALUES (1)');
    const [[first] = []] = await business.query('SELECT id FROM ticket');
    await business.run('BEGIN TRANSACTION', 'INSERT INTO ticket (v) VALUES (2)');
    await stage('ticket', change('I', '11', 5n, 9n));
    expect(await refused()).toEqual([]);
    await business.run('COMMIT', 'INSERT INTO ticket (v) VALUES (3)');
    expect(await business.query('SELECT id FROM ticket WHERE v < 9 ORDER BY v')).toEqual(
      [0, 1, 2].map((step) => [Number(first) + step]),
    );
  });

  test('a key that no row here can have is never taken for a shorter one when a row is put back', async () => {
    await business.run(
      'CREATE TABLE word (code nvarchar(3) PRIMARY KEY, v nvarchar(9))',
      `INSERT INTO word VALUES ('abc', 'here')`,
    );
    await database.prepare(SITE);
    const row = { table: 'word', columns: ['code', 'v'], keyCount: 1, key: ['abcd'], reason: 'tooLong' };
    const who = { winner: 0, loser: 2, winnerAt: null, loserAt: 5, at: 6, site: 2, batch: 1 };
    await database.transaction((transaction) =>
      transaction.journal({
        ...{ ...row, ...who, kind: 'refused', rule: 'refused' },
        ...{ winningRow: null, losingRow: ['abcd', 'x'] },
      }),
    );
    const [entry] = await database.conflicts(1);
    const back = database.restore(entry?.id ?? 0, { which: 'winner', at: 7, by: 'somebody' });
    await expect(back).rejects.toMatchObject({ code: 'conflict.tableChanged' });
    expect(await business.query('SELECT * FROM word')).toEqual([['abc', 'here']]);
  });

  test('where no snapshot can be had, what changed is copied aside as it was at one instant', async () => {
    await business.run(
      'CREATE TABLE a (id int PRIMARY KEY, v int)',
      'CREATE TABLE b (id int PRIMARY KEY, v int)',
      'INSERT INTO a VALUES (1, 1), (2, 1)',
    );
    await database.prepare(SITE);
    await business.run('UPDATE a SET v = 2 WHERE id = 2', 'INSERT INTO b VALUES (7, 7)');
    const connection = await Connection.open(parseAddress(business.address));
    const { tables } = await readCatalogue(connection);
    const totals = await markAndCopy(connection, tables, 1);
    expect([...totals].map(([{ name }, total]) => [name, total])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    await business.run('UPDATE a SET v = 3', 'DELETE FROM b');
    const found: string[] = [];
    for (const table of tables) {
      const rows = connection.stream(`SELECT * FROM ${copyOf(table)} ORDER BY key_group`);
      for await (const { block } of blocksOf(rows, table, 'site'))
        found.push(...block.changes.map(({ op, values }) => [op, ...values.map(textOf)].join(' ')));
    }
    await connection.close();
    expect(found).toEqual(['U 2 2', 'I 7 7']);
    expect(await changes(2)).toEqual(['D  7', 'U 01 1 3', 'U 01 2 3']);
  });

  test('in a deadlock it gives way to the application, and begins again', async () => {
    await business.run('CREATE TABLE a (id int PRIMARY KEY)', 'CREATE TABLE b (id int PRIMARY KEY)');
    await database.prepare(SITE);
    await business.run('INSERT INTO a VALUES (1)', 'INSERT INTO b VALUES (1)');
    expect(await changes(1)).toEqual(['I 1 1', 'I 1 1']);
    const other = await connectTo(business.address);
    const touch = (log: number): string => `UPDATE sync.log_${String(log)} SET changed_at = changed_at`;
    await business.run('BEGIN TRANSACTION', touch(2));
    const released = database.release(1);
    // It has the first log once nobody else can have it, and then waits for the second.
    await other.run('SET LOCK_TIMEOUT 20');
    while (
      await other.run(touch(1)).then(
        () => true,
        () => false,
      )
    );
    await business.run(touch(1)).then(
      () => business.run('COMMIT'),
      () => undefined,
    );
    await released;
    await other.close();
    expect(await changes(1)).toEqual(['I 1 1', 'I 1 1']);
  });

  test('says what is wrong with the way there', async () => {
    const at = (change: (address: string) => string): Promise<Database> =>
      openMssql(change(business.address));
    await expect(at((text) => text.replace(/\/[^/?]*\?/, '/no_such_base?'))).rejects.toMatchObject({
      code: 'database.absent',
    });
    await expect(at((text) => text.replace(/:[^:@]*@/, ':wrong@'))).rejects.toMatchObject({
      code: 'database.loginRefused',
    });
    await expect(at((text) => text.replace(/@[^/]*\//, '@127.0.0.1:9/'))).rejects.toMatchObject({
      code: 'database.portClosed',
    });
    await expect(at((text) => text.replace(/@[^/]*\//, '@no-such-host.invalid/'))).rejects.toMatchObject({
      code: 'database.hostUnknown',
    });
    await expect(at((text) => text.replace('trustServerCertificate=true', ''))).rejects.toMatchObject({
      code: 'database.certificate',
    });
  });

  test('leaves no trace', async () => {
    await business.run('CREATE TABLE t (id int PRIMARY KEY, v int)');
    const objects = 'SELECT COUNT(*) FROM sys.objects WHERE is_ms_shipped = 0';
    const before = await business.query(objects);
    await database.prepare(SITE);
    expect(await business.query(objects)).not.toEqual(before);
    expect(await database.missingRights()).toEqual([]);
    await database.unprepare();
    expect(await business.query(objects)).toEqual(before);
    expect(await business.query("SELECT COUNT(*) FROM sys.schemas WHERE name = 'sync'")).toEqual([[0]]);
  });
});
