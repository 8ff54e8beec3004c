import { describe, expect, test } from 'vitest';
import {
  parseServerAddress,
  serverAddress,
  withKnownPassword,
  withoutPassword,
  type ServerAddress,
} from '../../../src/config/database-address';

const parts: ServerAddress = {
  server: 'srv-sql.example.org',
  port: 1433,
  instance: '',
  database: 'gym',
  user: 'sync',
  password: 'secret',
  encrypt: true,
  trustServerCertificate: false,
  others: '',
};

describe('the address of a database server', () => {
  test('is written as the settings keep it', () => {
    expect(serverAddress(parts)).toBe(
      'mssql://sync:secret@srv-sql.example.org:1433/gym?encrypt=true&trustServerCertificate=false',
    );
    expect(serverAddress({ ...parts, port: null, instance: 'HEITZ', user: '', password: null })).toBe(
      'mssql://srv-sql.example.org\\HEITZ/gym?encrypt=true&trustServerCertificate=false',
    );
  });

  test.each<[string, Partial<ServerAddress>]>([
    [
      'with every mark that could end a part',
      { user: 'a:b@c/d', password: 'p@:/\\?#% é', database: 'Ma base/1' },
    ],
    ['of a named instance', { port: null, instance: 'HEITZ' }],
    ['of IPv6', { server: '[fe80::1]' }],
    ['with an empty password', { password: '' }],
    ['with nothing in it yet', { server: '', database: '', user: '', password: null, port: null }],
    ['with options that no screen knows', { others: 'multiSubnetFailover=true&failoverPartner=b' }],
    ['without encryption', { encrypt: false, trustServerCertificate: true }],
  ])('%s is read back as it was', (_, changes) => {
    const whole = { ...parts, ...changes };
    expect(parseServerAddress(serverAddress(whole))).toEqual(whole);
  });

  test('of another kind is none', () => {
    expect(parseServerAddress('sqlite:/srv/gym.db')).toBeNull();
    expect(parseServerAddress('mssql://a@b@c/d')).toBeNull();
    expect(parseServerAddress('mssql://100%@host/d')).toBeNull();
  });

  test('is shown without its password, and one of SQLite as it is', () => {
    expect(withoutPassword(serverAddress(parts))).not.toContain('secret');
    expect(withoutPassword('mssql://u:se@cr:et%@h/d')).toBe('mssql://u@h/d');
    expect(withoutPassword('sqlite:/srv/gym.db')).toBe('sqlite:/srv/gym.db');
  });

  test('gets the password that is known for the same account of the same server, and no other', () => {
    const known = serverAddress(parts);
    const completed = (changes: Partial<ServerAddress>): string | null | undefined =>
      parseServerAddress(withKnownPassword(serverAddress({ ...parts, password: null, ...changes }), known))
        ?.password;
    expect(completed({ database: 'other', server: 'SRV-SQL.example.org' })).toBe('secret');
    expect(completed({ password: 'new' })).toBe('new');
    expect(completed({ server: 'elsewhere.example.org' })).toBeNull();
    expect(completed({ user: 'sa' })).toBeNull();
    expect(completed({ port: 1434 })).toBeNull();
  });
});
