import type { SiteAccount } from '../port';
import { networkOf } from './addresses';
import type { ControlSession } from './session';

/** Control lines at once: a company has some hundred sites, each with one or two. */
export const connectionsLimit = 1000;
/** Of these, lines on which nobody has logged in yet: in all, and of one address (IPv6: of one /64 network). */
const strangersLimit = 500;
const strangersLimitOfAddress = 100;
/** Lines of one site. A site that opens more has lost the oldest, which the hub has not noticed yet. */
const linesOfSite = 8;

/**
 * Whoever opens lines and says nothing must leave room for others to come in: for those above all who have logged in
 * before, which `isWelcome` says of this address.
 */
export function isCrowded(sessions: Iterable<ControlSession>, address: string, isWelcome: boolean): boolean {
  const strangers = [...sessions].filter(({ site }) => site === null);
  if (strangers.length >= strangersLimit && !isWelcome) return true;
  const network = networkOf(address);
  return strangers.filter(({ peer }) => networkOf(peer) === network).length >= strangersLimitOfAddress;
}

/** Lines of this site that are too many, in the order of `sessions`. */
export function superfluousLines(
  sessions: Iterable<ControlSession>,
  { number }: SiteAccount,
): readonly ControlSession[] {
  return [...sessions].filter(({ site }) => site?.account.number === number).slice(0, -linesOfSite);
}
