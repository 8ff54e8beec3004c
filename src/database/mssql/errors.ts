/** Errors of SQL Server and of the way to it, told apart by number and given codes of ours. */
import { SyncError } from '../../shared/errors';

interface ServerError {
  readonly code: string;
  /** Of SQL Server; 0 where the error is the driver's. */
  readonly number: number;
  readonly message: string;
}

function serverError(error: unknown): ServerError | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  const number = 'number' in error && typeof error.number === 'number' ? error.number : 0;
  return { code: error.code, number, message: error.message };
}

/** Also a snapshot whose tables were changed meanwhile. */
const DEADLOCK = [1205, 3960, 3961];
const BUSY = [1222];
const FULL = [1101, 1105, 9002, 1121];
const RIGHTS = [
  229, 230, 262, 297, 300, 916, 1088, 2557, 2571, 3701, 3704, 4602, 4613, 4701, 4902, 8104, 15247,
];
const LOST = new Set([
  'ESOCKET',
  'ECONNCLOSED',
  'ETIMEOUT',
  'ENOTOPEN',
  'ECANCEL',
  'EABORT',
  'EINVALIDSTATE',
]);
/** What the driver says in the middle of an answer. */
const CUT = /end of message stream|ECONNRESET|EPIPE|socket hang up|connection (is )?(closed|closing|lost)/i;
/** The server is shutting down, or ended the connection. */
const ENDED = [596, 6005, 10054, 40197, 40501, 40613];

/** Whether the server ended a transaction of ours in favour of another. */
export const isDeadlock = (error: unknown): boolean => DEADLOCK.includes(serverError(error)?.number ?? 0);

/** Gives an error of SQL Server a code of ours; others pass unchanged. */
export function databaseError(error: unknown): unknown {
  const known = serverError(error);
  if (known === null || error instanceof SyncError) return error;
  const { number, message } = known;
  const retryable = (code: string): SyncError => new SyncError(code, { cause: error, retryable: true });
  if (DEADLOCK.includes(number)) return retryable('database.deadlock');
  if (BUSY.includes(number)) return retryable('database.busy');
  if (FULL.includes(number)) return retryable('database.serverFull');
  if (LOST.has(known.code) || ENDED.includes(number) || (number === 0 && CUT.test(message)))
    return retryable('database.connectionLost');
  if (RIGHTS.includes(number)) {
    return new SyncError('database.rightMissing', { cause: error, params: { right: missingRight(message) } });
  }
  return new SyncError('database.refused', { cause: error, params: { number, reason: message } });
}

/** `INSERT, person`: the words that the server puts in capitals or between quotes. */
function missingRight(message: string): string {
  const right = /\b[A-Z]{4,}( [A-Z]{3,})*\b/.exec(message)?.[0];
  const object = (/\bobject ['"]([^'"]+)['"]/.exec(message) ?? /['"]([^'"]+)['"]/.exec(message))?.[1];
  return [right, object].filter((part) => part !== undefined).join(', ');
}

/** Where the connection was to lead, for words about why it does not. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly instance: string | null;
  readonly user: string;
  readonly database: string;
}

/** Says in one sentence why there is no connection. */
export function connectionError(error: unknown, destination: Destination): unknown {
  const known = serverError(error);
  if (known === null || error instanceof SyncError) return error;
  const { host, port, instance, user, database } = destination;
  const failed = (code: string, params: Record<string, string | number>, retryable = false): SyncError =>
    new SyncError(code, { cause: error, params, retryable });
  switch (known.code) {
    case 'ELOGIN':
      return known.number === 4060 ||
        /database .* (requested by the login|does not exist)/i.test(known.message)
        ? failed('database.absent', { database })
        : failed('database.loginRefused', { user });
    case 'EINSTLOOKUP':
      return failed('database.instanceUnknown', { host, instance: instance ?? '' });
    case 'ETIMEOUT':
      return failed('database.unreachable', { host, port }, true);
    case 'ESOCKET':
      return socketError(deepest(error), failed, { host, port });
    default:
      return known.number === 4060 ? failed('database.absent', { database }) : databaseError(error);
  }
}

function socketError(
  message: string,
  failed: (code: string, params: Record<string, string | number>, retryable?: boolean) => SyncError,
  { host, port }: { readonly host: string; readonly port: number },
): SyncError {
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return failed('database.hostUnknown', { host }, true);
  if (/ECONNREFUSED/.test(message)) return failed('database.portClosed', { host, port }, true);
  if (/certificate|self.signed|altnames/i.test(message)) return failed('database.certificate', { host });
  return failed('database.unreachable', { host, port }, true);
}

/** All that the error and its causes say. */
function deepest(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const inner = 'originalError' in error ? error.originalError : error.cause;
  const several = error instanceof AggregateError ? error.errors.map(deepest).join(' ') : '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return [code, error.message, several, inner === error ? '' : deepest(inner)].join(' ');
}

const REASONS: Readonly<Record<number, string>> = {
  515: 'notNull',
  2601: 'unique',
  2627: 'unique',
  2628: 'tooLong',
  8152: 'tooLong',
};
/** A check or a foreign key: the name of the constraint tells. */
const CONSTRAINT = 547;
/**
 * Overflows, conversions and expressions of a computed column or a check that fail, rules of old, rows and index entries
 * that are too large.
 */
const OTHERS = [
  220, 232, 234, 235, 237, 241, 242, 244, 245, 248, 289, 293, 294, 295, 296, 511, 513, 517, 535, 536, 537,
  1946, 3623, 6522, 6603, 8114, 8115, 8134, 8169, 13609,
];
/** XML that is none, and XML that its schema does not allow. */
const isXml = (number: number): boolean =>
  (number >= 6900 && number < 7000) || (number >= 9400 && number < 9500);

/** Why the database refused a row, or null where the error is of another kind. */
export function refusalOf(error: unknown, checks: readonly string[]): string | null {
  const known = serverError(error);
  if (known === null || known.number === 0) return null;
  const { number, message } = known;
  if (number === CONSTRAINT) return checks.some((name) => message.includes(name)) ? 'check' : 'foreignKey';
  if (isXml(number)) return 'other';
  return REASONS[number] ?? (OTHERS.includes(number) ? 'other' : null);
}
