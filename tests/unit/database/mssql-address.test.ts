import { describe, expect, test } from 'vitest';
import { driverConfig, parseAddress } from '../../../src/database/mssql/address';
import { connectionError, databaseError, refusalOf } from '../../../src/database/mssql/errors';

describe('the address of a database', () => {
  test('has defaults that are safe', () => {
    expect(parseAddress('mssql://sa:secret@server/gym')).toEqual({
      host: 'server',
      port: 1433,
      instance: null,
      database: 'gym',
      user: 'sa',
      password: 'secret',
      domain: null,
      encrypt: true,
      trustServerCertificate: false,
      multiSubnetFailover: false,
      failoverPartner: null,
      connectTimeout: 15,
    });
  });

  test('names a port, an instance, options, and anything percent-encoded', () => {
    const address = parseAddress(
      'mssql://a%40b:p%3A%2F%3F@10.0.0.1:1444\\SQLEXPRESS/la%20base?trustServerCertificate=true&failoverPartner=second&multiSubnetFailover=true&connectTimeout=5',
    );
    expect(address).toMatchObject({
      host: '10.0.0.1',
      port: 1444,
      instance: 'SQLEXPRESS',
      database: 'la base',
      user: 'a@b',
      password: 'p:/?',
      trustServerCertificate: true,
      failoverPartner: 'second',
      multiSubnetFailover: true,
      connectTimeout: 5,
    });
  });

  test('knows an account of Windows by its domain', () => {
    expect(parseAddress('mssql://GYM\\paul:x@h/d')).toMatchObject({ domain: 'GYM', user: 'paul' });
    expect(parseAddress('mssql://paul:x@h/d?domain=GYM')).toMatchObject({ domain: 'GYM', user: 'paul' });
    expect(driverConfig(parseAddress('mssql://GYM\\paul:x@h/d'), 'h').domain).toBe('GYM');
  });

  test('asks for the port of an instance instead of giving one', () => {
    const config = driverConfig(parseAddress('mssql://u:p@h\\X/d'), 'h');
    expect(config.port).toBeUndefined();
    expect(config.options?.instanceName).toBe('X');
  });

  test.each(['mssql://server', 'mssql://u:p@h:port/d', 'mssql:///d', 'mssql://u:%zz@h/d'])(
    'that is none is refused without being quoted: %s',
    (text) => {
      expect(() => parseAddress(text)).toThrow(
        expect.objectContaining({
          code: 'database.address',
          params: { form: expect.not.stringContaining(text) as string },
        }),
      );
    },
  );

  test('with an option that is none names those there are', () => {
    expect(() => parseAddress('mssql://u:p@h/d?encryption=true')).toThrow(
      expect.objectContaining({ code: 'database.addressOption' }),
    );
    expect(() => parseAddress('mssql://u:p@h/d?encrypt=yes')).toThrow(
      expect.objectContaining({ code: 'database.addressOption' }),
    );
  });
});

const destination = { host: 'h', port: 1433, instance: 'X', user: 'u', database: 'd' };
const driver = (code: string, message: string, number = 0): Error =>
  Object.assign(new Error(message), { code, number });

describe('why there is no connection', () => {
  test.each([
    [driver('ESOCKET', 'Failed to connect to h:1433 - getaddrinfo ENOTFOUND h'), 'database.hostUnknown'],
    [
      driver('ESOCKET', 'Failed to connect to h:1433 - connect ECONNREFUSED 127.0.0.1:1433'),
      'database.portClosed',
    ],
    [driver('ESOCKET', 'Failed to connect to h:1433 - self-signed certificate'), 'database.certificate'],
    [driver('ESOCKET', 'Connection lost - socket hang up'), 'database.unreachable'],
    [driver('ETIMEOUT', 'Failed to connect to h:1433 in 15000ms'), 'database.unreachable'],
    [driver('EINSTLOOKUP', 'Port for X not found in ServerName'), 'database.instanceUnknown'],
    [driver('ELOGIN', "Login failed for user 'u'.", 18456), 'database.loginRefused'],
    [
      driver('ELOGIN', 'Cannot open database "d" requested by the login. The login failed.', 4060),
      'database.absent',
    ],
  ])('%s', (error, code) => {
    expect(connectionError(error, destination)).toMatchObject({ code });
  });
});

describe('an error of the server', () => {
  test.each([
    [1205, 'database.deadlock', true],
    [1222, 'database.busy', true],
    [9002, 'database.serverFull', true],
    [229, 'database.rightMissing', false],
    [50000, 'database.refused', false],
  ])('%i', (number, code, retryable) => {
    expect(databaseError(driver('EREQUEST', 'x', number))).toMatchObject({ code, retryable });
  });

  test('of a right that is missing says which', () => {
    const message = "The INSERT permission was denied on the object 'person', database 'gym', schema 'dbo'.";
    expect(databaseError(driver('EREQUEST', message, 229))).toMatchObject({
      params: { right: 'INSERT, person' },
    });
  });

  test('of a lost line can be tried again', () => {
    expect(databaseError(driver('ESOCKET', 'read ECONNRESET'))).toMatchObject({
      code: 'database.connectionLost',
      retryable: true,
    });
  });
});

test('a refused row is told from what is not the row’s fault', () => {
  const refusal = (number: number, message = ''): string | null =>
    refusalOf(driver('EREQUEST', message, number), ['ck_age']);
  expect(refusal(2627)).toBe('unique');
  expect(refusal(515)).toBe('notNull');
  expect(refusal(2628)).toBe('tooLong');
  expect(refusal(547, 'conflicted with the CHECK constraint "ck_age"')).toBe('check');
  expect(refusal(547, 'conflicted with the FOREIGN KEY constraint "fk"')).toBe('foreignKey');
  expect(refusal(8114)).toBe('other');
  expect(refusal(1205)).toBeNull();
  expect(refusal(229)).toBeNull();
});
