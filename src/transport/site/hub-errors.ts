import { FTPError } from 'basic-ftp';
import { SyncError } from '../../shared/errors';
import { errorCode } from '../disk';
import { codeRefusals } from '../login-words';

export function replyCode(error: unknown): number | null {
  return error instanceof FTPError ? error.code : null;
}

function reasonOf(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.message : String(error));
}

export interface HubAddress {
  readonly host: string;
  readonly port: number;
}

/** No connection, or one that ended before the hub's greeting, as for a blocked address. */
export function connectError(error: unknown, { host, port }: HubAddress): SyncError {
  const reason = reasonOf(error);
  const closed = /^ECONNRESET|^EPIPE|Server (sent FIN|closed connection)/.test(reason);
  return new SyncError(closed ? 'hub.dropped' : 'hub.unreachable', {
    params: { host, port, reason },
    cause: error,
    retryable: true,
  });
}

export function tlsError(error: unknown, { host, port }: HubAddress): SyncError {
  if (error instanceof SyncError) return error;
  const reason = reasonOf(error);
  if (replyCode(error) !== null)
    return new SyncError('hub.tlsRefused', { params: { host, port }, cause: error });
  if (/^CERT_(NOT_YET_VALID|HAS_EXPIRED)$/.test(reason))
    return new SyncError('hub.certificateDate', { params: { host, reason }, cause: error });
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|^CERT_/.test(reason))
    return new SyncError('hub.fingerprint', { params: { host, port }, cause: error });
  return new SyncError('hub.lineCut', { params: { reason }, cause: error, retryable: true });
}

export function loginError(error: unknown, user: string): SyncError {
  const code = replyCode(error);
  if (code === 534) return new SyncError('hub.tlsRequired', { cause: error });
  const answer = reasonOf(error).replace(/^\d{3} /, '');
  if (answer === codeRefusals.used) return new SyncError('hub.codeUsed', { cause: error });
  if (answer === codeRefusals.expired) return new SyncError('hub.codeExpired', { cause: error });
  if (code !== null && code >= 500) return new SyncError('hub.login', { params: { user }, cause: error });
  return workError(error);
}

/** Whatever fails once the site is logged in. */
export function workError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const reason = reasonOf(error);
  const code = replyCode(error);
  if (code !== null && code !== 421)
    return new SyncError('hub.refused', {
      params: { reply: code, reason: reason.replace(/^\d{3} /, '') },
      cause: error,
      // 4xx: the hub may do it later (a full disk, no free port, a file busy).
      retryable: code < 500,
    });
  const message = error instanceof Error ? error.message : '';
  const isDataPort = /open data connection/.test(message);
  return new SyncError(isDataPort ? 'hub.dataPort' : 'hub.lineCut', {
    params: { reason },
    cause: error,
    retryable: true,
  });
}
