/** A place on SQL Server loses its data folder, or gets it back as old as its database. */
import { describe, expect, test } from 'vitest';
import { listSites, renewSite, set, type addSite } from '../../src/commands/setup';
import type { Report } from '../../src/report/report';
import { backUp, serverAddress } from '../support/mssql-business';
import { useMssqlCompanies, type MssqlCompany } from '../support/mssql-company';

const SCHEMA = [
  'CREATE TABLE member (id int PRIMARY KEY, name nvarchar(50), mail nvarchar(50), balance decimal(12, 2))',
  'CREATE TABLE visit (id int PRIMARY KEY, member int REFERENCES member (id), note nvarchar(max))',
  `INSERT INTO member VALUES (1, N'Ann', 'a@x', 10), (2, N'Bob', 'b@x', 20), (3, N'Cid', 'c@x', 30)`,
  `INSERT INTO visit VALUES (1, 1, N'é'), (2, 2, NULL)`,
];
const MEMBERS = 'SELECT id, name, mail, CONVERT(varchar(20), balance) FROM member ORDER BY id';
const VISITS = 'SELECT id, member, note FROM visit ORDER BY id';

/** A code, or how it ended. */
const endOf = ({ state, error }: Report): string => error?.code ?? (state === 'warnings' ? 'ok' : state);
const endsOf = (reports: Record<string, Report>): string[] => Object.values(reports).map(endOf);
const OK = ['ok', 'ok', 'ok'];

describe.skipIf(serverAddress === null)('lost and old folders on SQL Server', { timeout: 480_000 }, () => {
  const { found } = useMssqlCompanies();

  async function expectQuiet({ engines }: MssqlCompany): Promise<void> {
    const quiet = await engines.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  }

  const pairAgain = async ({ engines }: MssqlCompany, site: string, give: typeof addSite): Promise<void> =>
    engines.pair(site, await engines.addSite(site, give));

  test('a hub and a site that lost their folders go on from their databases, and count nothing twice', async () => {
    const company = await found(SCHEMA);
    const { engines } = company;
    const { hub, lyon, paris } = company.businesses;
    await engines.command('hub', (context) => set(context, 'additive.member', 'balance'));
    await lyon.run(`UPDATE member SET balance = balance - 1 WHERE id = 1`);
    expect(endsOf(await engines.synchronise())).toEqual(OK);
    await paris.run(`INSERT INTO member VALUES (7, N'Zoé', NULL, 0)`, `DELETE FROM visit WHERE id = 2`);
    await hub.run(`UPDATE member SET mail = 'hub' WHERE id = 2`);
    expect(endsOf(await engines.synchronise())).toEqual(OK);
    await hub.run(`UPDATE member SET balance = balance - 10 WHERE id = 1`);
    await lyon.run(
      `UPDATE member SET balance = balance - 100 WHERE id = 1`,
      `INSERT INTO visit VALUES (9, 7, N'9')`,
    );
    for (const name of ['hub', 'lyon']) await engines.loseFolder(name);
    expect(await engines.command('hub', listSites)).toEqual({
      sites: [
        { number: 1, name: 'lyon', active: true },
        { number: 2, name: 'paris', active: true },
      ],
    });
    await paris.run(`UPDATE member SET balance = balance - 1000 WHERE id = 1`);
    for (const site of ['paris', 'lyon']) await pairAgain(company, site, renewSite);
    expect(endOf(await engines.session('hub'))).toBe('session.roundsLost');
    expect(endsOf(await engines.synchronise(undefined, { recover: 'hub' }))).toEqual(OK);
    await engines.synchronise();
    await company.expectAlike(MEMBERS, VISITS);
    expect(await company.rows('paris', MEMBERS)).toEqual([
      [1, 'Ann', 'a@x', '-1101.00'],
      [2, 'Bob', 'hub', '20.00'],
      [3, 'Cid', 'c@x', '30.00'],
      [7, 'Zoé', null, '0.00'],
    ]);
    expect((await company.rows('hub', VISITS)).map(([id]) => id)).toEqual([1, 9]);
    expect(await company.rows('hub', 'SELECT id FROM sync.journal')).toEqual([]);
    await expectQuiet(company);
  });

  test('a hub restored with its folder goes on from its copy, and the sites give back what it lost', async () => {
    const company = await found(SCHEMA);
    const { engines } = company;
    const { hub, lyon, paris } = company.businesses;
    await lyon.run(`INSERT INTO visit VALUES (5, 1, N'before')`);
    expect(endsOf(await engines.synchronise())).toEqual(OK);
    const backup = await backUp(hub, ['member', 'visit']);
    const restoreFolder = engines.backUpFolder('hub');
    // The lost life: of the hub itself and of both sites, merged, sent on, and known to the others.
    await hub.run(
      `UPDATE member SET name = N'lost' WHERE id = 1`,
      `INSERT INTO member VALUES (60, N'hub', NULL, 1.25)`,
    );
    await lyon.run(`UPDATE member SET mail = 'lyon' WHERE id = 1`, 'DELETE FROM visit WHERE id = 2');
    await paris.run(
      `INSERT INTO member VALUES (70, N'Paris', '', 7)`,
      `UPDATE member SET name = N'Bo' WHERE id = 2`,
    );
    expect(endsOf(await engines.synchronise())).toEqual(OK);
    await paris.run(`UPDATE member SET mail = 'seventy' WHERE id = 70`);
    expect(endOf(await engines.visit('paris'))).toBe('ok');
    // Written and not sent yet.
    await lyon.run(`UPDATE member SET balance = 33.33 WHERE id = 3`);
    await backup.restore();
    restoreFolder();
    // The new life.
    await hub.run(
      `UPDATE member SET mail = 'new' WHERE id = 2`,
      `INSERT INTO member VALUES (61, N'since', '', 0)`,
    );

    expect(endOf(await engines.visit('paris'))).toBe('session.hubRestored');
    expect(endOf(await engines.session('hub'))).toBe('session.hubBehind');
    await engines.command('hub', (context) => set(context, 'receptionLimit', '0.01'));
    expect((await engines.session('hub', { recover: true })).error).toBe(null);
    // Who knows less begins.
    for (const site of ['lyon', 'paris']) {
      expect((await engines.visit(site, { recover: true })).error).toBe(null);
      expect((await engines.visit(site)).error).toBe(null);
    }
    expect((await engines.visit('lyon')).error).toBe(null);
    await company.expectAlike(MEMBERS, VISITS);
    expect(await company.rows('hub', MEMBERS)).toEqual([
      [1, 'lost', 'lyon', '10.00'],
      [2, 'Bob', 'new', '20.00'],
      [3, 'Cid', 'c@x', '33.33'],
      [60, 'hub', null, '1.25'],
      [61, 'since', '', '0.00'],
      [70, 'Paris', 'seventy', '7.00'],
    ]);
    expect((await company.rows('hub', VISITS)).map(([id]) => id)).toEqual([1, 5]);
    // Both lives changed this row: the newer one holds, and the other is kept whole.
    const noted = (await company.rows('hub', 'SELECT conflict FROM sync.journal')).flat().join();
    for (const value of ['"Bo"', '"b@x"']) expect(noted).toContain(value);
    await engines.command('hub', (context) => set(context, 'receptionLimit', '30'));
    await expectQuiet(company);
  });
});
