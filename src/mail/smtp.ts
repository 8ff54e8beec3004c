import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { createTransport } from 'nodemailer';
import type { MailSettings } from '../config/settings';
import { SyncError } from '../shared/errors';
import type { Letter } from './letter';
import { mailError } from './smtp-error';

const SECOND = 1_000;
/** No answer for this long, and the server counts as one that hangs, milliseconds. */
const SILENCE = 15 * SECOND;
/** A letter takes no longer than this, however slowly the server answers, milliseconds. */
const LONGEST = 120 * SECOND;

export interface SmtpOptions {
  readonly mail: MailSettings;
  /** Shown beside the sender's address. */
  readonly sender: string;
  /** The same at each try, so that a server that took it already may notice. */
  readonly messageId: string;
  readonly date: Date;
  /** File of certificates trusted beside the system's; it need not be there. */
  readonly authorities: string;
  readonly signal: AbortSignal;
}

/** Hands a letter to the server. Resolves with the recipients that it refused while it took others; rejects with `mail.*`. */
export type SendLetter = (letter: Letter, options: SmtpOptions) => Promise<readonly string[]>;

export const sendBySmtp: SendLetter = async (letter, options) => {
  const { mail, sender, messageId, date, authorities, signal } = options;
  const limit = AbortSignal.timeout(LONGEST);
  const transport = createTransport({ ...(await connection(mail, authorities)) });
  try {
    const { rejected } = await transport.sendMail({
      from: { name: sender, address: mail.from },
      to: mail.to,
      messageId,
      date,
      // No answer from an out-of-office reply.
      headers: { 'Auto-Submitted': 'auto-generated' },
      subject: letter.subject,
      text: letter.text,
      html: letter.html,
      attachments: letter.attachments.map(({ filename, contentType, content }) => ({
        filename,
        contentType,
        content: Buffer.from(content),
      })),
      signal: AbortSignal.any([signal, limit]),
    });
    return rejected.map(String);
  } catch (error) {
    throw signal.aborted ? new SyncError('mail.stopped', { retryable: true }) : mailError(error, mail);
  } finally {
    transport.close();
  }
};

async function connection({ host, port, security, user, password }: MailSettings, authorities: string) {
  const own = await readFile(authorities, 'utf8').catch(() => null);
  return {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === '' ? {} : { auth: { user, pass: password } }),
    tls: {
      minVersion: 'TLSv1.2' as const,
      ...(own === null ? {} : { ca: [...rootCertificates, own] }),
    },
    connectionTimeout: SILENCE,
    greetingTimeout: SILENCE,
    socketTimeout: SILENCE,
    dnsTimeout: SILENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
