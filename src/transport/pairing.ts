import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SyncError } from '../shared/errors';

const pairingSchema = z.object({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  /** SHA-256 of the hub's certificate, `AB:CD:…`; null where TLS was turned off by hand. */
  fingerprint: z
    .string()
    .regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    .nullable(),
  site: z.number().int().positive(),
  name: z.string(),
  user: z.string().min(1),
  secret: z.string().min(1),
});
/** All that a site needs to reach its hub. Holds a secret that opens the hub: show it, never log it. */
export type Pairing = z.infer<typeof pairingSchema>;

/** A code that was read. */
export interface DecodedPairing extends Pairing {
  /** Its secret opens the hub once, to leave a lasting one. A code of version 1 holds a lasting one itself. */
  readonly once: boolean;
}

const version = 2;

/** One line of letters, digits, `.`, `-` and `_`: `sync2.<content>.<checksum>`. */
export function encodePairing(pairing: Pairing): string {
  const { host, port, fingerprint, site, name, user, secret } = pairingSchema.parse(pairing);
  const fields = [host, port, fingerprint, site, name, user, secret];
  const content = Buffer.from(JSON.stringify(fields)).toString('base64url');
  return `sync${version}.${content}.${checksum(content, version)}`;
}

/** Rejects by throwing `pairing.malformed`, `pairing.version` or `pairing.checksum`. */
export function decodePairing(line: string): DecodedPairing {
  // E-mail breaks long lines, and pasting brings invisible marks along.
  const code = line.replace(/[\s\u00ad\u200b-\u200f\u2060\ufeff]/g, '');
  const [, found, rest = ''] = /^sync(\d{1,4})\.(.*)$/i.exec(code) ?? [];
  if (found === undefined) throw new SyncError('pairing.malformed');
  const written = Number(found);
  if (written < 1 || written > version)
    throw new SyncError('pairing.version', { params: { found: written, expected: version } });
  const [, content = '', sum = ''] = /^([\w-]+)\.([0-9a-f]+)$/i.exec(rest) ?? [];
  if (content === '') throw new SyncError('pairing.malformed');
  if (sum.toLowerCase() !== checksum(content, written)) throw new SyncError('pairing.checksum');
  return { ...parseFields(content), once: written > 1 };
}

function parseFields(content: string): Pairing {
  try {
    const fields: unknown = JSON.parse(Buffer.from(content, 'base64url').toString('utf8'));
    const [host, port, fingerprint, site, name, user, secret] = z.array(z.unknown()).parse(fields);
    return pairingSchema.parse({ host, port, fingerprint, site, name, user, secret });
  } catch (error) {
    throw new SyncError('pairing.malformed', { cause: error });
  }
}

/** Finds a slip of the hand or a lost end; it is no signature. */
function checksum(content: string, written: number): string {
  return createHash('sha256').update(`sync${written}.${content}`).digest('hex').slice(0, 8);
}
