import { TLSSocket, type ConnectionOptions } from 'node:tls';
import type { Client } from 'basic-ftp';
import { SyncError } from '../../shared/errors';
import { connectError, type HubAddress } from './hub-errors';

/** A certificate whose fingerprint was compared. */
export interface PinnedCertificate {
  readonly pem: string;
  readonly fingerprint: string;
}

/**
 * Fetches the hub's certificate over a line of its own, on which nothing secret ever goes, and compares it
 * with these fingerprints. Rejects with `hub.fingerprint` when it is another.
 */
export async function learnCertificate(
  client: Client,
  address: HubAddress,
  fingerprints: readonly string[],
): Promise<PinnedCertificate> {
  try {
    await client.connect(address.host, address.port).catch((error: unknown) => {
      throw connectError(error, address);
    });
    await client.useTLS({ rejectUnauthorized: false, minVersion: 'TLSv1.2' });
    const { socket } = client.ftp;
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    const fingerprint = certificate?.fingerprint256 ?? '';
    if (certificate === undefined || !fingerprints.includes(fingerprint)) throw wrongFingerprint(address);
    return { pem: certificate.toString(), fingerprint };
  } finally {
    client.close();
  }
}

/** Options that let control and data lines reach this certificate only, whatever name or address it has. */
export function pinnedOptions(
  address: HubAddress,
  { pem, fingerprint }: PinnedCertificate,
): ConnectionOptions {
  return {
    host: address.host,
    ca: [pem],
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_host, peer) =>
      peer.fingerprint256 === fingerprint ? undefined : wrongFingerprint(address),
  };
}

function wrongFingerprint({ host, port }: HubAddress): SyncError {
  return new SyncError('hub.fingerprint', { params: { host, port } });
}
