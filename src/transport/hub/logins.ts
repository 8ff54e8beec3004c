import type { Clock } from '../../shared/clock';
import type { SiteAccount } from '../port';
import { verifySecret } from '../secrets';
import type { BlockedAddresses } from './blocked';
import { FtpRefusal } from './refusal';

/** Slowest answer to a wrong password, in failures so far. */
const slowest = 5;

export interface LoginOptions {
  /** Asked at every login, so that a site paired meanwhile gets in. */
  readonly accounts: () => Promise<readonly SiteAccount[]>;
  readonly blocked: BlockedAddresses;
  readonly clock: Clock;
  /** What the answer to a wrong login waits, times the failures of its address so far. */
  readonly tarpitMilliseconds: number;
}

/** Lets a site in, or rejects with a refusal: late, counted, and the same for an unknown user. */
export async function logIn(
  options: LoginOptions,
  address: string,
  user: string,
  secret: string,
): Promise<SiteAccount> {
  const { blocked, clock } = options;
  if (blocked.has(address)) throw new FtpRefusal(421, 'Address blocked');
  const account = (await options.accounts()).find((candidate) => candidate.user === user);
  if ((await verifySecret(secret, account?.secretHash ?? null)) && account !== undefined) {
    blocked.succeeded(address);
    return account;
  }
  // A list that cannot be written (full disk) must not let the next guess in faster.
  const failures = await blocked.failed(address, user).catch(() => slowest);
  await clock.delay(Math.min(failures, slowest) * options.tarpitMilliseconds);
  throw new FtpRefusal(530, 'Login incorrect');
}
