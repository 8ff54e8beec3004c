import { TLSSocket, type ConnectionOptions } from 'node:tls';
import type { Client } from 'basic-ftp';
import { SyncError } from '../../shared/errors';
import { connectError, type HubAddress } from './hub-errors';

/** A certificate whose fingerprint was compared, as PEM. */
export type PinnedCertificate = string;

/**
 * Fetches the hub's certificate over a line of its own, on which nothing secret ever goes, and compares it
 * with the fingerprint. Rejects with `hub.fingerprint` when it is another.
 */
export async function learnCertificate(
  client: Client,
  address: HubAddress,
  fingerprint: string,
): Promise<PinnedCertificate> {
  try {
    await client.connect(address.host, address.port).catch((error: unknown) => {
      throw connectError(error, address);
    });
    await client.useTLS({ rejectUnauthorized: false, minVersion: 'TLSv1.2' });
    const { socket } = client.ftp;
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (certificate?.fingerprint256 !== fingerprint) throw wrongFingerprint(address);
    return certificate.toString();
  } finally {
    client.close();
  }
}

/** Options that let control and data lines reach this certificate only, whatever name or address it has. */
export function pinnedOptions(
  address: HubAddress,
  certificate: PinnedCertificate,
  fingerprint: string,
): ConnectionOptions {
  return {
    host: address.host,
    ca: [certificate],
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_host, peer) =>
      peer.fingerprint256 === fingerprint ? undefined : wrongFingerprint(address),
  };
}

function wrongFingerprint({ host, port }: HubAddress): SyncError {
  return new SyncError('hub.fingerprint', { params: { host, port } });
}
