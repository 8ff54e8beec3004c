import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { SyncError } from '../shared/errors';
import { errorCode, writeAtomically } from './disk';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
  /** SHA-256 of the certificate, `AB:CD:…`: what the sites pin. */
  readonly fingerprint256: string;
}

const validYears = 20;

/**
 * The hub's certificate, made once. It never changes by itself: a new one locks every paired site out.
 * Rejects with `certificate.damaged` rather than replace one that cannot be read.
 */
export async function loadOrCreateCertificate(folder: string, now = new Date()): Promise<Certificate> {
  const file = join(folder, 'hub-tls.pem');
  const pem = (await readIfThere(file)) ?? (await create(file, now));
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/.exec(pem)?.[0];
  const cert = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0];
  if (key === undefined || cert === undefined) throw damaged(file, 'incomplete');
  try {
    return { key: `${key}\n`, cert: `${cert}\n`, fingerprint256: new X509Certificate(cert).fingerprint256 };
  } catch (error) {
    throw damaged(file, error);
  }
}

/** Key and certificate go into one file, so that no power cut can leave a pair that does not match. */
async function create(file: string, now: Date): Promise<string> {
  const notAfterDate = new Date(now);
  notAfterDate.setFullYear(now.getFullYear() + validYears);
  const made = await generate([{ name: 'commonName', value: 'Synchronisation' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A site's clock may be behind.
    notBeforeDate: new Date(now.getTime() - 366 * 86_400_000),
    notAfterDate,
  });
  const pem = `${made.private.trim()}\n${made.cert.trim()}\n`;
  await writeAtomically(file, pem, 0o600);
  return pem;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function damaged(file: string, cause: unknown): SyncError {
  return new SyncError('certificate.damaged', { params: { file }, cause });
}
