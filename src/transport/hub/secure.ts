import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';

/** Both PEM. */
export interface TlsCertificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * For one control line and its data lines: these resume its session. Its tickets open nothing else, so that a data line
 * which resumes it comes from who logged in there.
 */
export function secureContext(certificate: TlsCertificate): SecureContext {
  return createSecureContext({
    key: certificate.key,
    cert: certificate.cert,
    minVersion: 'TLSv1.2',
    sessionIdContext: 'synchronisation',
    ticketKeys: randomBytes(48),
  });
}

/**
 * Answers AUTH and goes on encrypted. The socket is held before the answer leaves: the peer's first
 * encrypted bytes may follow at once, and must reach TLS, not the reader of commands.
 */
export async function upgrade(raw: Socket, context: SecureContext): Promise<TLSSocket> {
  raw.pause();
  raw.removeAllListeners('data');
  await new Promise<void>((resolve, reject) => {
    raw.write('234 Go on with TLS\r\n', (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  const secure = new TLSSocket(raw, { isServer: true, secureContext: context });
  secure.on('error', () => secure.destroy());
  secure.once('close', () => raw.destroy());
  return secure;
}
