/** The address of a database server: `mssql://user:password@host[:port][\instance]/database?encrypt=…`. */
export interface ServerAddress {
  readonly server: string;
  readonly port: number | null;
  readonly instance: string;
  readonly database: string;
  readonly user: string;
  /** Null: not said. */
  readonly password: string | null;
  readonly encrypt: boolean;
  readonly trustServerCertificate: boolean;
  /** Options that no screen has a field for, as they stand in the address. */
  readonly others: string;
}

const ON_SCREEN = ['encrypt', 'trustServerCertificate'];

// URL has no room for a backslash; what may hold one of the marks between the parts is percent-encoded.
const ADDRESS =
  /^mssql:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?(\[[^\]]*\]|[^@:\\/?[\]]*)(?::(\d+))?(?:\\([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/;

/** The parts of an address of SQL Server; null where it is none. Parts that are missing are empty. */
export function parseServerAddress(address: string): ServerAddress | null {
  const match = ADDRESS.exec(address);
  if (match === null) return null;
  const [, user = '', password, server = '', port, instance = '', database = '', query = ''] = match;
  const options = new URLSearchParams(query);
  try {
    return {
      server: decodeURIComponent(server),
      port: port === undefined ? null : Number(port),
      instance: decodeURIComponent(instance),
      database: decodeURIComponent(database),
      user: decodeURIComponent(user),
      password: password === undefined ? null : decodeURIComponent(password),
      encrypt: options.get('encrypt') !== 'false',
      trustServerCertificate: options.get('trustServerCertificate') === 'true',
      others: query
        .split('&')
        .filter((option) => option !== '' && !ON_SCREEN.includes(option.split('=')[0] ?? ''))
        .join('&'),
    };
  } catch {
    // A lone percent sign.
    return null;
  }
}

/** The address made of its parts, as the settings keep it. */
export function serverAddress(parts: ServerAddress): string {
  const { server, port, instance, database, user, password, encrypt, trustServerCertificate, others } = parts;
  const account = encodeURIComponent(user) + (password === null ? '' : `:${encodeURIComponent(password)}`);
  const host = server.startsWith('[') ? server : encodeURIComponent(server);
  const place =
    (port === null ? '' : `:${String(port)}`) + (instance === '' ? '' : `\\${encodeURIComponent(instance)}`);
  const options = `encrypt=${String(encrypt)}&trustServerCertificate=${String(trustServerCertificate)}`;
  const all = others === '' ? options : `${options}&${others}`;
  return `mssql://${account === '' ? '' : `${account}@`}${host}${place}/${encodeURIComponent(database)}?${all}`;
}

/** The address as anybody may see it, however it is spelled. */
export const withoutPassword = (address: string): string =>
  address.replace(/^(mssql:\/\/[^:@/]*):.*@/i, '$1@');

/**
 * The address with the password that is known, where it says none: only for the same account of the same server, else
 * whoever may change the settings could have the password sent to a server of theirs.
 */
export function withKnownPassword(address: string, known: string): string {
  const parts = parseServerAddress(address);
  const former = parseServerAddress(known);
  if (parts === null || former === null || parts.password !== null) return address;
  const place = ({ server, port, instance, user }: ServerAddress): string =>
    JSON.stringify([server.toLowerCase(), port, instance.toLowerCase(), user]);
  return place(parts) === place(former) ? serverAddress({ ...parts, password: former.password }) : address;
}
