import type { MailSettings } from '../config/settings';
import { SyncError, type MessageParams } from '../shared/errors';

/** What nodemailer says of a failure, as far as it is looked at: never its text, which quotes what the server said. */
interface SmtpFailure {
  readonly code: string;
  /** Of the system, below nodemailer's. */
  readonly system: string;
  /** Numeric reply of the server; 0 where it gave none. */
  readonly reply: number;
  readonly command: string;
  readonly rejected: readonly string[];
  /** OpenSSL tells what is wrong with a certificate in words alone. */
  readonly certificate: string | null;
}

/**
 * A failed sending as one of our codes, `mail.*`. It has no cause: what the server answers may quote the login.
 * Retryable, but where the settings or a recipient are wrong.
 */
export function mailError(error: unknown, { host, port, from }: MailSettings): SyncError {
  if (error instanceof SyncError) return error;
  const failure = failureOf(error);
  const { reply, system, certificate } = failure;
  const refused = (code: string, params: MessageParams): SyncError =>
    new SyncError(code, { params: { host, port, reply, ...params }, retryable: reply < 500 });
  const line = (code: string, params: MessageParams = {}): SyncError =>
    new SyncError(code, { params: { host, port, ...params }, retryable: true });
  if (certificate !== null) return new SyncError(certificate, { params: { host, port } });
  if (/^(EDNS|ENOTFOUND|EAI_AGAIN)$/.test(failure.code) || /^(ENOTFOUND|EAI_AGAIN)$/.test(system))
    return line('mail.hostUnknown');
  if (system === 'ECONNREFUSED') return line('mail.portClosed');
  if (reply === 530 && failure.code !== 'EAUTH') return refused('mail.loginWanted', {});
  switch (failure.code) {
    case 'ETLS':
      return line('mail.tlsRefused');
    case 'EAUTH':
    case 'ENOAUTH':
      return refused('mail.loginRefused', {});
    case 'EENVELOPE':
      return failure.command === 'RCPT TO'
        ? refused('mail.recipientRefused', { recipients: failure.rejected.join(', ') })
        : refused('mail.senderRefused', { from });
    case 'EMESSAGE':
      return refused('mail.messageRefused', {});
    case 'ETIMEDOUT':
    case 'EABORT':
    case 'ECONNECTION':
      return line('mail.noAnswer');
    default:
      // A server that expects the other kind of encryption hangs up.
      if (/^(ECONNRESET|EPIPE)$/.test(system)) return line('mail.noAnswer');
      return /SSL|TLS/.test(system) ? line('mail.tlsRefused') : line('mail.unreachable', { reason: system });
  }
}

/** Whether another letter may fare better: this one, or its recipients, were refused. */
export const isOfLetter = ({ code }: SyncError): boolean =>
  code === 'mail.recipientRefused' || code === 'mail.messageRefused';

function failureOf(error: unknown): SmtpFailure {
  const of = (name: string): unknown =>
    typeof error === 'object' && error !== null
      ? Object.entries(error).find(([key]) => key === name)?.[1]
      : null;
  const word = (value: unknown): string => (typeof value === 'string' ? value : '');
  const rejected = of('rejected');
  const code = word(of('code'));
  const system = word(of('originalCode')) || code;
  const text = error instanceof Error ? error.message : '';
  return {
    code,
    // A code is capitals: anything else could be a text.
    system: /^[A-Z0-9_]+$/.test(system) ? system : 'SMTP',
    reply: Number(of('responseCode')) || 0,
    command: word(of('command')),
    rejected: Array.isArray(rejected) ? rejected.map(String) : [],
    certificate: /^(ETLS|ESOCKET)$/.test(code) ? certificateFault(`${system} ${text}`) : null,
  };
}

function certificateFault(text: string): string | null {
  if (/CERT_HAS_EXPIRED|certificate has expired|CERT_NOT_YET_VALID|not yet valid/.test(text))
    return 'mail.certificateDate';
  if (/ALTNAME|does not match certificate/.test(text)) return 'mail.certificateName';
  return /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|self[- ]signed certificate|unable to (verify|get)/.test(
    text,
  )
    ? 'mail.certificateUnknown'
    : null;
}
