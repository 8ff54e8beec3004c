import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/report';
import { openBusiness } from '../support/business';
import { serverAddress } from '../support/mssql-business';
import { useMssqlCompanies } from '../support/mssql-company';

const SCHEMA = [
  'CREATE TABLE member (id int PRIMARY KEY, name nvarchar(50), balance decimal(12, 2), joined datetime2(3))',
  'CREATE TABLE visit (id int PRIMARY KEY, member int REFERENCES member (id) ON DELETE CASCADE, note nvarchar(max))',
  `INSERT INTO member VALUES (1, N'Ann', 10.50, '2024-02-29 10:00:00.123'), (2, N'Bob', 0, NULL)`,
  `INSERT INTO visit VALUES (1, 1, N'x'), (2, 2, N'y')`,
];

describe.skipIf(serverAddress === null)('two sites and a hub on SQL Server', { timeout: 240_000 }, () => {
  const { make, engines, found, afterwards } = useMssqlCompanies();

  const MEMBERS =
    'SELECT id, name, CONVERT(varchar(20), balance), CONVERT(varchar(30), joined, 121) FROM member ORDER BY id';
  const VISITS = 'SELECT id, member, note FROM visit ORDER BY id';

  test('a night: everyone converges, and the second synchronisation carries no row', async () => {
    const company = await found(SCHEMA);
    const { hub, lyon, paris } = company.businesses;
    await hub.run(`UPDATE member SET balance = 99.99 WHERE id = 2`);
    await lyon.run(
      `INSERT INTO member VALUES (3, N'Zoé 🏖', 1234567890.12, '9999-12-31 23:59:59.999')`,
      `INSERT INTO visit VALUES (3, 3, N'')`,
    );
    await paris.run(`UPDATE member SET name = N'Anne' WHERE id = 1`, 'DELETE FROM visit WHERE id = 2');
    expect(statesOf(await company.engines.synchronise())).toEqual(OK);
    await company.expectAlike(MEMBERS, VISITS);
    expect(await company.rows('paris', MEMBERS)).toEqual([
      [1, 'Anne', '10.50', '2024-02-29 10:00:00.123'],
      [2, 'Bob', '99.99', null],
      [3, 'Zoé 🏖', '1234567890.12', '9999-12-31 23:59:59.999'],
    ]);
    const quiet = await company.engines.synchronise();
    for (const report of Object.values(quiet)) expect(report.tables).toEqual([]);
  });

  test('both change one column of a row: the newest wins, the other row is kept whole', async () => {
    const company = await found(SCHEMA);
    const { lyon, paris } = company.businesses;
    await lyon.run(`UPDATE member SET name = N'Anna', balance = 11 WHERE id = 1`);
    // Two moments that a clock tells apart.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await paris.run(`UPDATE member SET balance = 12 WHERE id = 1`);
    await company.engines.synchronise();
    await company.engines.synchronise();
    await company.expectAlike(MEMBERS);
    expect((await company.rows('hub', MEMBERS))[0]).toEqual([1, 'Ann', '12.00', '2024-02-29 10:00:00.123']);
    const [[conflict] = []] = await company.rows('hub', 'SELECT conflict FROM sync.journal');
    expect(String(conflict)).toContain('Anna');
    expect(String(conflict)).toContain('11.00');
  });

  test('a parent that goes while a child comes stays, at everyone', async () => {
    const company = await found(SCHEMA);
    const { lyon, paris } = company.businesses;
    await lyon.run('DELETE FROM member WHERE id = 2');
    await paris.run(`INSERT INTO visit VALUES (9, 2, N'here')`);
    await company.engines.synchronise();
    await company.engines.synchronise();
    await company.expectAlike(MEMBERS, VISITS);
    expect((await company.rows('lyon', MEMBERS)).map(([id]) => id)).toEqual([1, 2]);
    expect((await company.rows('lyon', VISITS)).map(([id]) => id)).toContain(9);
  });

  test('business triggers of each place fire for its own application alone', async () => {
    const company = await found([
      ...SCHEMA,
      'CREATE TABLE audit (id int IDENTITY(1, 1) PRIMARY KEY, member int)',
      'CREATE TRIGGER member_audit ON member AFTER UPDATE AS INSERT INTO audit (member) SELECT id FROM inserted',
    ]);
    const { lyon } = company.businesses;
    await lyon.run(`UPDATE member SET name = name + N'!'`);
    expect(statesOf(await company.engines.synchronise())).toEqual(OK);
    await company.expectAlike(MEMBERS, 'SELECT member FROM audit ORDER BY id');
    expect(await company.rows('hub', 'SELECT COUNT(*) FROM audit')).toEqual([[2]]);
  });

  test('every type, digit by digit', async () => {
    const company = await found([VALUES_TABLE]);
    const { lyon, paris } = company.businesses;
    await lyon.run(...VALUES);
    expect(statesOf(await company.engines.synchronise())).toEqual(OK);
    const written = await company.rows('lyon', VALUES_READ);
    expect(written).toHaveLength(VALUES.length);
    await company.expectAlike(VALUES_READ);
    // And back: each row changed at the other end comes home as it is.
    await paris.run(`UPDATE sample SET marker = 1`);
    await company.engines.synchronise();
    await company.expectAlike(VALUES_READ, 'SELECT id, marker FROM sample ORDER BY id');
    expect(await company.rows('lyon', VALUES_READ)).toEqual(written);
  });

  test('a site on SQLite beside one on SQL Server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mixed-'));
    afterwards(() => {
      rmSync(folder, { recursive: true });
    });
    const file = join(folder, 'original.db');
    const base = new DatabaseSync(file);
    base.exec(`
      CREATE TABLE member (id INT PRIMARY KEY NOT NULL, name NVARCHAR(50), balance DECIMAL(12, 2), joined DATETIME2(3));
      CREATE TABLE visit (id INT PRIMARY KEY NOT NULL, member INT REFERENCES member (id) ON DELETE CASCADE, note NVARCHAR);
      INSERT INTO member VALUES (1, 'Ann', 10.50, '2024-02-29 10:00:00.123'), (2, 'Bob', 0, NULL);
      INSERT INTO visit VALUES (1, 1, 'x'), (2, 2, 'y');`);
    base.close();
    const path = join(folder, 'paris.db');
    copyFileSync(file, path);
    const hub = await make(SCHEMA);
    const lyon = await make(SCHEMA);
    const paris = openBusiness(path);
    const company = await engines({ hub: hub.address, lyon: lyon.address, paris: `sqlite:${path}` });
    paris.run(
      `INSERT INTO member VALUES (3, 'Zoé', 12.5, '2024-06-30 00:00:00.567')`,
      `UPDATE member SET balance = 7 WHERE id = 2`,
    );
    await lyon.run(
      `INSERT INTO visit VALUES (5, 1, N'long ago')`,
      `UPDATE member SET balance = 0.05 WHERE id = 1`,
    );
    expect(statesOf(await company.synchronise())).toEqual(OK);
    expect(await lyon.query(MEMBERS)).toEqual([
      [1, 'Ann', '0.05', '2024-02-29 10:00:00.123'],
      [2, 'Bob', '7.00', null],
      [3, 'Zoé', '12.50', '2024-06-30 00:00:00.567'],
    ]);
    expect(paris.rows('member', ['id', 'balance'])).toEqual(['1 0.05', '2 7', '3 12.5']);
    expect(paris.rows('visit', ['id', 'note'])).toContain(`5 'long ago'`);
    paris.close();
  });
});

const OK = { hub: 'ok', lyon: 'ok', paris: 'ok' };

const statesOf = (reports: Record<string, Report>): Record<string, string> =>
  Object.fromEntries(Object.entries(reports).map(([name, { state }]) => [name, state]));

const VALUES_TABLE = `CREATE TABLE sample (
  id uniqueidentifier PRIMARY KEY, big bigint, number38 decimal(38, 10), cash money, small_cash smallmoney,
  double_float float, single_float real, flag bit, tiny tinyint, fixed char(5), variable varchar(20),
  fixed_n nchar(5), variable_n nvarchar(20), unlimited nvarchar(max), old_text ntext, bytes binary(4), more_bytes varbinary(max),
  picture image, day date, hour time(6), moment datetime, short_moment smalldatetime, long_moment datetime2(6),
  far_moment datetimeoffset(6), document xml, marker int)`;

const VALUES = [
  `INSERT INTO sample VALUES ('6F9619FF-8B86-D011-B42D-00C04FC964FF', 9223372036854775807,
    CAST('9999999999999999999999999999.9999999999' AS decimal(38, 10)), 922337203685477.5807, 214748.3647, 1.7976931348623157E308,
    CAST(3.40E38 AS real), 1, 255, 'ab', 'trail   ', N'é', N'🏖 emoji', REPLICATE(CAST(N'x' AS nvarchar(max)), 9000), N'old é', 0x01,
    CAST(0x0001FF AS varbinary(max)), 0xFF00, '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.997', '2079-06-06 23:59',
    '9999-12-31 23:59:59.999999', '2024-06-30 12:00:00.123456 +14:00', N'<a b="1">é</a>', 0)`,
  `INSERT INTO sample VALUES ('00000000-0000-0000-0000-000000000001', -9223372036854775808,
    CAST('-9999999999999999999999999999.9999999999' AS decimal(38, 10)), -922337203685477.5808, -214748.3648, -4.9E-300,
    CAST(-1.18E-38 AS real), 0, 0, '', '', N'', N'', N'', N'', 0x00000000, 0x, 0x, '0001-01-01', '00:00:00', '1753-01-01',
    '1900-01-01', '0001-01-01', '0001-01-02 00:00:00 -14:00', N'<e/>', 0)`,
  `INSERT INTO sample (id, marker) VALUES ('00000000-0000-0000-0000-000000000002', 0)`,
];

const VALUES_READ = `SELECT CONVERT(varchar(36), id), CONVERT(varchar(30), big), CONVERT(varchar(50), number38), CONVERT(varchar(30), CONVERT(decimal(19, 4), cash)),
  CONVERT(varchar(30), CONVERT(decimal(19, 4), small_cash)), CONVERT(varbinary(8), double_float), CONVERT(varbinary(4), single_float), flag, tiny, fixed,
  variable, DATALENGTH(variable), fixed_n, variable_n, unlimited, CONVERT(nvarchar(max), old_text), bytes, more_bytes,
  CONVERT(varbinary(max), picture), CONVERT(varchar(20), day, 23), CONVERT(varchar(20), hour, 121), CONVERT(varchar(30), moment, 121),
  CONVERT(varchar(30), short_moment, 120), CONVERT(varchar(40), long_moment, 121), CONVERT(varchar(40), far_moment, 121),
  CONVERT(nvarchar(max), document) FROM sample ORDER BY CONVERT(varchar(36), id)`;
