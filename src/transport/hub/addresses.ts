import { lookup } from 'node:dns/promises';
import { isIPv4, isIPv6 } from 'node:net';
import { FtpRefusal } from './refusal';

/** One spelling an address: IPv4 inside IPv6 as IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();
}

/**
 * Whom a failure is counted against: an IPv4 address, or the /64 network of an IPv6 address, since whoever has one of its
 * addresses has all of them.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  // A zone (`%eth0`) is the machine's own, and is no part of an address.
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  // An IPv4 address at the end is two groups.
  const missing = 8 - before.length - after.length - (address.includes('.') ? 1 : 0);
  const whole = tail === undefined ? before : [...before, ...Array<string>(missing).fill('0'), ...after];
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function isPrivate(address: string): boolean {
  return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)/.test(address);
}

type Lookup = (name: string) => Promise<string>;

const lookupIPv4: Lookup = async (name) => (await lookup(name, { family: 4 })).address;

/**
 * The IPv4 address that PASV announces. A name is looked up each time: a line whose address changes every night (dynamic
 * DNS) has another one tomorrow. A peer of the local network gets the address it connected to:
 * many routers do not lead their own public address back inside.
 */
export async function announcedAddress(
  publicAddress: string | null,
  peer: string,
  local: string,
  resolve: Lookup = lookupIPv4,
): Promise<string> {
  const announced = publicAddress === null || isPrivate(peer) ? local : publicAddress;
  if (isIPv4(announced)) return announced;
  if (announced.includes(':')) throw new FtpRefusal(425, 'Use EPSV');
  try {
    return await resolve(announced);
  } catch {
    throw new FtpRefusal(425, 'The public address is not known, use EPSV');
  }
}
