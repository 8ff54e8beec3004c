import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { renameDurable } from '../shared/atomic-file';
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
const day = 86_400_000;
/** A site's clock may be behind. */
const backdated = 366 * day;

/** The next certificate is announced so long before the present one ends… */
const announcedBefore = 90 * day;
/** … and takes its place after so long: every site that is at work connects in between. */
const announcedFor = 60 * day;
/** Where the present one has ended nobody can hear of the next; but a clock that is wrong for a day must change nothing. */
const announcedForAfterEnd = 2 * day;

/** The hub's certificate, made once. Rejects with `certificate.damaged` rather than replace one that cannot be read. */
export async function loadOrCreateCertificate(folder: string, now = new Date()): Promise<Certificate> {
  const file = join(folder, 'hub-tls.pem');
  return (await load(file)) ?? create(file, now);
}

export interface RenewedCertificate {
  readonly certificate: Certificate;
  /** The one that will take its place, to be announced; null while that is far. */
  readonly next: Certificate | null;
  /** What was done just now. */
  readonly change: 'announced' | 'renewed' | null;
}

/**
 * The hub's certificate, replaced in time by one that was announced to the sites under it. Rejects as
 * `loadOrCreateCertificate`.
 */
export async function renewCertificate(folder: string, now: Date): Promise<RenewedCertificate> {
  const certificate = await loadOrCreateCertificate(folder, now);
  const file = join(folder, 'hub-tls-next.pem');
  const made = await load(file);
  // One that was made in the future was made by a clock that was wrong; a small correction says nothing.
  const next = made !== null && announcedAt(made) < now.getTime() + announcedForAfterEnd ? made : null;
  const times = { now: now.getTime(), until: untilOf(certificate), announcedAt: next && announcedAt(next) };
  switch (renewalPlan(times)) {
    case 'keep':
      return { certificate, next, change: null };
    case 'announce':
      return { certificate, next: await create(file, now), change: 'announced' };
    case 'renew':
      await renameDurable(file, join(folder, 'hub-tls.pem'));
      return { certificate: next ?? certificate, next: null, change: 'renewed' };
  }
}

/** What to do with a certificate that is valid until `until`. All in milliseconds since 1970, UTC. Pure. */
export function renewalPlan(times: {
  readonly now: number;
  readonly until: number;
  /** When the next one was made; null: there is none. */
  readonly announcedAt: number | null;
}): 'keep' | 'announce' | 'renew' {
  const { now, until, announcedAt: since } = times;
  if (since === null) return now >= until - announcedBefore ? 'announce' : 'keep';
  return now - since >= (now >= until ? announcedForAfterEnd : announcedFor) ? 'renew' : 'keep';
}

/** Milliseconds since 1970, UTC. */
export const untilOf = ({ cert }: Pick<Certificate, 'cert'>): number =>
  Date.parse(new X509Certificate(cert).validTo);

const announcedAt = ({ cert }: Certificate): number =>
  Date.parse(new X509Certificate(cert).validFrom) + backdated;

async function load(file: string): Promise<Certificate | null> {
  const pem = await readIfThere(file);
  return pem === null ? null : parse(pem, file);
}

function parse(pem: string, file: string): Certificate {
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
async function create(file: string, now: Date): Promise<Certificate> {
  const notAfterDate = new Date(now);
  notAfterDate.setFullYear(now.getFullYear() + validYears);
  const made = await generate([{ name: 'commonName', value: 'Synchronisation' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - backdated),
    notAfterDate,
  });
  const pem = `${made.private.trim()}\n${made.cert.trim()}\n`;
  await writeAtomically(file, pem, 0o600);
  return parse(pem, file);
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
