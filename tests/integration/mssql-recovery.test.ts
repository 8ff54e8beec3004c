import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, test } from 'vitest';
import { resend, snapshot, startFrom } from '../../src/commands/recovery';
import { set } from '../../src/commands/setup';
import type { Comparison, RepairOutcome, RepairRequest } from '../../src/engine/contract';
import type { Report } from '../../src/report/report';
import { openBusiness } from '../support/business';
import type { EngineCompany } from '../support/engines';
import { backUp, behindTheBack, serverAddress } from '../support/mssql-business';
import { useMssqlCompanies, type MssqlCompany, type Place } from '../support/mssql-company';

const TABLES = [
  'CREATE TABLE member (id int PRIMARY KEY, name nvarchar(50), mail nvarchar(50), balance decimal(12, 2), code nvarchar(10) NOT NULL UNIQUE)',
  'CREATE TABLE visit (id int PRIMARY KEY, member int REFERENCES member (id), note nvarchar(max), at datetime2(3))',
];
const ROWS = [
  `INSERT INTO member VALUES (1, N'Ann', 'a@x', 10, 'a'), (2, N'Bob', 'b@x', 20, 'b'), (3, N'Cid', 'c@x', 30, 'c')`,
  `INSERT INTO visit VALUES (1, 1, N'é', '2024-02-29 10:00:00.120'), (2, 2, NULL, NULL)`,
];
const SCHEMA = [...TABLES, ...ROWS];

const MEMBERS = 'SELECT id, name, mail, CONVERT(varchar(20), balance), code FROM member ORDER BY id';
const VISITS = 'SELECT id, member, note, CONVERT(varchar(30), at, 121) FROM visit ORDER BY id';

/** A code, or how it ended. */
const endOf = ({ state, error }: Report): string => error?.code ?? (state === 'warnings' ? 'ok' : state);
const endsOf = (reports: Record<string, Report>): string[] => Object.values(reports).map(endOf);
const OK = ['ok', 'ok', 'ok'];

const passphrase = (): Promise<string> => Promise.resolve('une phrase assez longue');

/** Values of the journal, winners and losers, as text. */
const journal = async (company: MssqlCompany, place: Place = 'hub'): Promise<string> =>
  (await company.rows(place, 'SELECT conflict FROM sync.journal ORDER BY id')).flat().map(String).join('\n');

describe.skipIf(serverAddress === null)('recovery on SQL Server', { timeout: 240_000 }, () => {
  const { make, engines, found, afterwards } = useMssqlCompanies();

  test('a site restored from an old copy catches up, and loses nothing of either life', async () => {
    const company = await found(SCHEMA);
    const { lyon, paris } = company.businesses;
    await company.engines.synchronise();
    await lyon.run(`UPDATE member SET name = N'before' WHERE id = 1`);
    const backup = await backUp(lyon, ['member', 'visit']);
    // The lost life: sent, published, and known to the others.
    await lyon.run(
      `INSERT INTO member VALUES (50, N'lost life', NULL, 1.25, 'z')`,
      `UPDATE member SET mail = 'lost' WHERE id = 2`,
    );
    await paris.run(`UPDATE member SET name = N'Paris' WHERE id = 3`);
    expect(endsOf(await company.engines.synchronise())).toEqual(OK);

    await backup.restore();
    expect((await company.rows('lyon', MEMBERS)).map(([id, name]) => [id, name])).toEqual([
      [1, 'before'],
      [2, 'Bob'],
      [3, 'Cid'],
    ]);
    await lyon.run(
      `INSERT INTO member VALUES (50, N'new life', NULL, 7, 'z')`,
      `INSERT INTO visit VALUES (9, 50, N'new', NULL)`,
      `UPDATE member SET mail = 'new' WHERE id = 2`,
    );
    const before = await company.rows('lyon', MEMBERS);
    const hub = await company.engines.start('hub');
    await hub.engine.serve();
    expect(endOf(await company.engines.session('lyon'))).toBe('session.siteRestored');
    await company.engines.stop('hub');
    expect(await company.rows('lyon', MEMBERS)).toEqual(before);

    expect(endsOf(await company.engines.synchronise(undefined, { recover: 'lyon' }))).toEqual(OK);
    await company.engines.synchronise();
    await company.expectAlike(MEMBERS, VISITS);
    expect((await company.rows('hub', MEMBERS)).map(([id, name, mail]) => [id, name, mail])).toEqual([
      [1, 'before', 'a@x'],
      [2, 'Bob', 'new'],
      [3, 'Paris', 'c@x'],
      [50, 'new life', null],
    ]);
    const noted = await journal(company);
    for (const value of ['lost life', '1.25', 'lost']) expect(noted).toContain(value);
    const quiet = await company.engines.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  });

  test('a hub restored from an old copy gets its rounds again', async () => {
    const company = await found(SCHEMA);
    const { hub, lyon, paris } = company.businesses;
    await company.engines.synchronise();
    await hub.run(`UPDATE member SET name = N'pending' WHERE id = 1`);
    const backup = await backUp(hub, ['member', 'visit']);
    await hub.run(`UPDATE member SET mail = 'hub' WHERE id = 1`);
    await lyon.run(
      `UPDATE member SET balance = 99.99 WHERE id = 2`,
      `INSERT INTO member VALUES (50, N'Lyon', '', 0, 'y')`,
    );
    await paris.run(`DELETE FROM visit WHERE id = 2`);
    expect(endsOf(await company.engines.synchronise())).toEqual(OK);
    await backup.restore();
    await hub.run(
      `UPDATE member SET balance = 77.70 WHERE id = 2`,
      `INSERT INTO member VALUES (60, N'since', '', 0, 'z')`,
    );
    await paris.run(`UPDATE member SET name = N'Paris' WHERE id = 50`);
    expect(endOf(await company.engines.session('hub'))).toBe('session.hubDatabaseRestored');
    expect(endsOf(await company.engines.synchronise(undefined, { recover: 'hub' }))).toEqual(OK);
    await company.engines.synchronise();
    await company.expectAlike(MEMBERS, VISITS);
    expect(await company.rows('lyon', MEMBERS)).toEqual([
      [1, 'pending', 'hub', '10.00', 'a'],
      [2, 'Bob', 'b@x', '77.70', 'b'],
      [3, 'Cid', 'c@x', '30.00', 'c'],
      [50, 'Paris', '', '0.00', 'y'],
      [60, 'since', '', '0.00', 'z'],
    ]);
    expect(await company.rows('hub', 'SELECT id FROM visit')).toEqual([[1]]);
    expect(await journal(company)).toContain('99.99');
  });

  test('new sites start from a snapshot: over the line, and from a file on SQLite', async () => {
    const company = await found(SCHEMA);
    const { hub, lyon } = company.businesses;
    await lyon.run(`UPDATE member SET balance = -0.05 WHERE id = 1`);
    await company.engines.synchronise();
    await hub.run(
      `INSERT INTO member VALUES (7, N'Zoé 🏖', '', 12345678.9, 'Z')`,
      `DELETE FROM visit WHERE id = 2`,
    );
    const nice = await make(TABLES);
    await company.engines.joinOn('nice', nice.address);
    const serving = await company.engines.start('hub');
    await serving.engine.serve();
    const filled = await company.engines.command('nice', (context) => startFrom(context, 'hub', passphrase));
    expect(filled).toEqual({ round: 1 });
    for (const query of [MEMBERS, VISITS]) expect(await nice.query(query)).toEqual(await hub.query(query));
    await company.engines.stop('hub');

    const { path: file, folder } = emptySqlite();
    await company.engines.joinOn('metz', `sqlite:${file}`);
    const sealed = join(folder, 'for-metz.synchro');
    await company.engines.command('hub', (context) => snapshot(context, sealed, passphrase));
    await company.engines.command('metz', (context) => startFrom(context, sealed, passphrase));
    const metz = openBusiness(file);
    afterwards(() => {
      metz.close();
    });
    expect(metz.rows('member', ['id', 'name', 'balance', 'code'])).toEqual([
      `1 'Ann' -0.05 'a'`,
      `2 'Bob' 20 'b'`,
      `3 'Cid' 30 'c'`,
      `7 'Zoé 🏖' 12345678.9 'Z'`,
    ]);
    await nice.run(`UPDATE member SET mail = 'nice' WHERE id = 7`);
    metz.run(
      `UPDATE member SET balance = 8.5 WHERE id = 2`,
      `INSERT INTO visit VALUES (60, 7, 'metz', '2026-01-02 03:04:05.678')`,
    );
    expect(endsOf(await company.engines.synchronise())).toEqual([...OK, 'ok', 'ok']);
    await company.expectAlike(MEMBERS, VISITS);
    for (const query of [MEMBERS, VISITS]) expect(await nice.query(query)).toEqual(await hub.query(query));
    expect(await nice.query(MEMBERS)).toContainEqual([2, 'Bob', 'b@x', '8.50', 'b']);
    expect(await nice.query(VISITS)).toContainEqual([60, 7, 'metz', '2026-01-02 03:04:05.678']);
    expect(metz.rows('member', ['id', 'mail'])).toContain(`7 'nice'`);
    const quiet = await company.engines.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  });

  test('comparing and repairing, to the right of the hub and of the site', async () => {
    const company = await found(SCHEMA);
    const { hub, lyon } = company.businesses;
    await company.engines.synchronise();
    const serving = await company.engines.start('hub');
    await serving.engine.serve();
    expect(await compared(company.engines, 'lyon')).toEqual({ member: 0, visit: 0 });
    await behindTheBack(
      lyon,
      `UPDATE member SET balance = 99.01, name = N'ANN' WHERE id = 1`,
      `DELETE FROM visit WHERE id = 1`,
      `INSERT INTO member VALUES (500, N'stranger', NULL, NULL, 'z')`,
    );
    await behindTheBack(hub, `UPDATE visit SET note = N'other', at = '2024-02-29 10:00:00.121' WHERE id = 2`);
    // Work that goes on is no difference.
    await lyon.run(`UPDATE member SET balance = 21 WHERE id = 2`);
    await hub.run(`INSERT INTO member VALUES (8, N'hub', '', 0, 'y')`);
    expect(await compared(company.engines, 'lyon')).toEqual({ member: 2, visit: 2 });
    expect(await repaired(company.engines, 'lyon', { right: 'site', table: 'visit' })).toEqual(['visit 2 0']);
    expect(await repaired(company.engines, 'lyon', { right: 'hub' })).toEqual(['member 2 0']);
    const report = await company.engines.session('lyon');
    expect(endOf(report)).toBe('ok');
    expect(await compared(company.engines, 'lyon')).toEqual({ member: 0, visit: 0 });
    for (const query of [MEMBERS, VISITS]) expect(await lyon.query(query)).toEqual(await hub.query(query));
    expect(await hub.query(VISITS)).toEqual([[2, 2, null, null]]);
    const noted = await journal(company, 'lyon');
    for (const value of ['ANN', '99.01', 'stranger', 'other', '10:00:00.120']) expect(noted).toContain(value);
  });

  test('a SQLite site and its hub compare by value, not by spelling', async () => {
    const { path } = emptySqlite();
    const hub = await make(SCHEMA);
    const business = openBusiness(path);
    business.run(
      `INSERT INTO member VALUES (1, 'Ann', 'a@x', 10.00, 'a'), (2, 'Bob', 'b@x', 20, 'b'), (3, 'Cid', 'c@x', 30, 'c')`,
      `INSERT INTO visit VALUES (1, 1, 'é', '2024-02-29 10:00:00.12'), (2, 2, NULL, NULL)`,
    );
    const company = await engines({ hub: hub.address, metz: `sqlite:${path}` });
    const serving = await company.start('hub');
    await serving.engine.serve();
    expect(endOf(await company.session('metz'))).toBe('ok');
    expect(await compared(company, 'metz')).toEqual({ member: 0, visit: 0 });
    await behindTheBack(
      hub,
      `UPDATE member SET balance = 10.01 WHERE id = 1`,
      'DELETE FROM visit WHERE id = 2',
    );
    expect(await compared(company, 'metz')).toEqual({ member: 1, visit: 1 });
    expect(await repaired(company, 'metz', { right: 'hub', table: 'member' })).toEqual(['member 1 0']);
    expect(business.rows('member', ['id', 'balance'])).toContain('1 10.01');
    expect(await repaired(company, 'metz', { right: 'site' })).toEqual(['visit 1 0']);
    expect(endOf(await company.session('metz'))).toBe('ok');
    expect((await hub.query('SELECT id FROM visit ORDER BY id')).flat()).toEqual([1, 2]);
    expect(await compared(company, 'metz')).toEqual({ member: 0, visit: 0 });
    business.close();
  });

  test('a row that the hub refuses waits, is tried again each night, and comes with its children', async () => {
    const company = await found(SCHEMA);
    const { hub, lyon, paris } = company.businesses;
    await lyon.run(`INSERT INTO member VALUES (11, N'first', '', 1, 'X')`);
    await paris.run(
      `INSERT INTO member VALUES (12, N'second', '', 2, 'x')`,
      `INSERT INTO visit VALUES (20, 12, N'child', NULL)`,
    );
    await company.engines.synchronise();
    expect(await waiting(company)).toBe(2);
    await company.expectAlike(MEMBERS, VISITS);
    expect(await journal(company)).toContain('second');
    await company.engines.synchronise();
    expect(await waiting(company)).toBe(2);
    await hub.run(`UPDATE member SET code = 'Y' WHERE id = 11`);
    expect(endsOf(await company.engines.synchronise())).toEqual(OK);
    expect(await waiting(company)).toBe(0);
    await company.expectAlike(MEMBERS, VISITS);
    expect(await company.rows('paris', MEMBERS)).toContainEqual([12, 'second', '', '2.00', 'x']);
    expect(await company.rows('lyon', VISITS)).toContainEqual([20, 12, 'child', null]);
    const quiet = await company.engines.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  });

  test('a column that is added up counts what everyone did, and nothing twice', async () => {
    const company = await found(SCHEMA);
    const { hub, lyon, paris } = company.businesses;
    await company.engines.synchronise();
    await company.engines.command('hub', (context) => set(context, 'additive.member', 'balance'));
    expect(endsOf(await company.engines.synchronise())).toEqual(OK);
    await lyon.run(`UPDATE member SET balance = balance - 0.10`);
    await lyon.run(`UPDATE member SET balance = balance - 0.20, mail = 'lyon' WHERE id = 1`);
    await paris.run(`UPDATE member SET balance = balance - 2 WHERE id = 1`);
    await hub.run(
      `UPDATE member SET balance = balance + 100 WHERE id = 1`,
      `DELETE FROM visit WHERE member = 2`,
    );
    expect(endsOf(await company.engines.synchronise())).toEqual(OK);
    await company.engines.synchronise();
    await company.expectAlike(MEMBERS, VISITS);
    expect(await company.rows('paris', MEMBERS)).toEqual([
      [1, 'Ann', 'lyon', '107.70', 'a'],
      [2, 'Bob', 'b@x', '19.90', 'b'],
      [3, 'Cid', 'c@x', '29.90', 'c'],
    ]);
    await company.engines.command('lyon', (context) => resend(context, '2020-01-01'));
    expect(endsOf(await company.engines.synchronise())).toEqual(OK);
    await company.engines.synchronise();
    await company.expectAlike(MEMBERS);
    expect((await company.rows('hub', MEMBERS)).map((row) => row[3])).toEqual(['107.70', '19.90', '29.90']);
  });

  function emptySqlite(): { path: string; folder: string } {
    const folder = mkdtempSync(join(tmpdir(), 'mixed-'));
    afterwards(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'metz.db');
    const handle = new DatabaseSync(path);
    handle.exec(`
      CREATE TABLE member (id INT PRIMARY KEY NOT NULL, name NVARCHAR(50), mail NVARCHAR(50), balance DECIMAL(12, 2), code NVARCHAR(10) NOT NULL UNIQUE);
      CREATE TABLE visit (id INT PRIMARY KEY NOT NULL, member INT REFERENCES member (id), note NVARCHAR, at DATETIME2(3));`);
    handle.close();
    return { path, folder };
  }
});

const waiting = async (company: MssqlCompany): Promise<number> =>
  Number(
    (
      await company.rows(
        'hub',
        "SELECT COUNT(*) FROM sync.journal WHERE kind = 'refused' AND id NOT IN (SELECT conflict_id FROM sync.refused)",
      )
    )[0]?.[0],
  );

/** By table, how many rows differ. */
async function compared(company: EngineCompany, site: string): Promise<Record<string, number>> {
  const { engine } = await company.start(site);
  const { tables }: Comparison = await engine.compare().finally(() => company.stop(site));
  return Object.fromEntries(tables.map(({ table, different }) => [table, different]));
}

async function repaired(company: EngineCompany, site: string, request: RepairRequest): Promise<string[]> {
  const { engine } = await company.start(site);
  const { tables }: RepairOutcome = await engine.repair(request).finally(() => company.stop(site));
  return tables.map(({ table, repaired: rows, left }) => `${table} ${String(rows)} ${String(left)}`);
}
