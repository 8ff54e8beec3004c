import { isIP } from 'node:net';
import { URLSearchParams } from 'node:url';
import type { config as DriverConfig } from 'mssql';
import { SyncError } from '../../shared/errors';
import type { Destination } from './errors';

/** A database on a server, from `mssql://user:password@host[:port][\instance]/database?options`. */
export interface Address extends Destination {
  readonly password: string;
  /** Windows domain of the account; null: a login of SQL Server. */
  readonly domain: string | null;
  readonly encrypt: boolean;
  /** Takes any certificate of the server, as SQL Server makes one for itself where nobody gave it any. */
  readonly trustServerCertificate: boolean;
  /** Tries all addresses of an availability group's listener at once. */
  readonly multiSubnetFailover: boolean;
  /** The mirror, tried where the host does not answer. */
  readonly failoverPartner: string | null;
  /** Seconds to wait for the server's answer. */
  readonly connectTimeout: number;
}

const OPTIONS = [
  'encrypt',
  'trustServerCertificate',
  'multiSubnetFailover',
  'failoverPartner',
  'domain',
  'connectTimeout',
];
const FORM =
  /^mssql:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<host>\[[^\]]+\]|[^:/\\?]+)(?::(?<port>\d+))?(?:\\(?<instance>[^/:?]+))?(?::(?<portLast>\d+))?\/(?<database>[^/?]+)(?:\?(?<options>.*))?$/i;

const unreadable = (): SyncError =>
  new SyncError('database.address', {
    params: { form: 'mssql://user:password@host:port\\instance/database' },
  });

/** Throws `database.address` {form} or `database.addressOption` {option, known}. What is wrong is never quoted: it may be the password. */
export function parseAddress(text: string): Address {
  const groups = FORM.exec(text)?.groups;
  if (groups === undefined) throw unreadable();
  const options = new URLSearchParams(groups['options'] ?? '');
  const unknown = [...options.keys()].find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined)
    throw new SyncError('database.addressOption', { params: { option: unknown, known: OPTIONS.join(', ') } });
  const { domain, user } = account(decoded(groups['user']), options.get('domain'));
  return {
    host: (groups['host'] ?? '').replace(/^\[(.*)\]$/, '$1'),
    port: Number(groups['port'] ?? groups['portLast'] ?? 1433),
    instance: groups['instance'] === undefined ? null : decoded(groups['instance']),
    database: decoded(groups['database']),
    user,
    password: decoded(groups['password']),
    domain,
    encrypt: flag(options, 'encrypt', true),
    trustServerCertificate: flag(options, 'trustServerCertificate', false),
    multiSubnetFailover: flag(options, 'multiSubnetFailover', false),
    failoverPartner: options.get('failoverPartner'),
    connectTimeout: Number(options.get('connectTimeout') ?? 15),
  };
}

/** `DOMAIN\user` is an account of Windows too. */
function account(user: string, domain: string | null): { domain: string | null; user: string } {
  const [, before, after] = /^([^\\]+)\\(.+)$/.exec(user) ?? [];
  return before !== undefined && after !== undefined ? { domain: before, user: after } : { domain, user };
}

function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    // No cause: it would quote the password.
    throw unreadable();
  }
}

function flag(options: URLSearchParams, name: string, otherwise: boolean): boolean {
  const value = options.get(name);
  if (value === null) return otherwise;
  if (value !== 'true' && value !== 'false')
    throw new SyncError('database.addressOption', { params: { option: name, known: 'true, false' } });
  return value === 'true';
}

/** How the driver is told. A host with an instance is asked for the port. */
export function driverConfig(address: Address, host: string): DriverConfig {
  const { instance, port, domain } = address;
  return {
    server: host,
    ...(instance === null ? { port } : {}),
    ...(domain === null ? {} : { domain }),
    user: address.user,
    password: address.password,
    database: address.database,
    connectionTimeout: address.connectTimeout * 1000,
    requestTimeout: LONGEST_REQUEST,
    // One connection and no other in its place: what a lost one held, temporary tables and a transaction, is lost.
    pool: { min: 0, max: 1, idleTimeoutMillis: 2 ** 31 - 1 },
    arrayRowMode: true,
    validateConnection: 'socket',
    options: {
      encrypt: address.encrypt,
      trustServerCertificate: address.trustServerCertificate,
      multiSubnetFailover: address.multiSubnetFailover,
      // A number is no name for TLS, which only matters where the certificate is looked at.
      ...(address.trustServerCertificate && isIP(host) !== 0 ? { serverName: 'sql-server' } : {}),
      ...(instance === null ? {} : { instanceName: instance }),
      appName: 'Synchronisation',
      enableArithAbort: true,
      useUTC: true,
    },
  };
}

/** No request of ours takes this long; one that does waits for a server that is gone. Milliseconds. */
const LONGEST_REQUEST = 3_600_000;
