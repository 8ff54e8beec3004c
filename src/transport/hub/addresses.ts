import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { FtpRefusal } from './refusal';

/** One spelling an address: IPv4 inside IPv6 as IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();
}

function isPrivate(address: string): boolean {
  return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)/.test(address);
}

/**
 * The IPv4 address that PASV announces. A peer of the local network gets the address it connected to:
 * many routers do not lead their own public address back inside.
 */
export async function announcedAddress(
  publicAddress: string | null,
  peer: string,
  local: string,
): Promise<string> {
  const announced = publicAddress === null || isPrivate(peer) ? local : publicAddress;
  if (isIPv4(announced)) return announced;
  if (announced.includes(':')) throw new FtpRefusal(425, 'Use EPSV');
  try {
    return (await lookup(announced, { family: 4 })).address;
  } catch {
    throw new FtpRefusal(425, 'The public address is not known, use EPSV');
  }
}
