import type { Clock } from '../../shared/clock';
import type { SiteAccount } from '../port';
import { verifySecret } from '../secrets';
import type { BlockedAddresses } from './blocked';
import type { LoginQueue } from './login-queue';
import { FtpRefusal } from './refusal';

/** Slowest answer to a wrong password, in failures so far. */
const slowest = 5;

export interface LoginOptions {
  /** Asked at every login, so that a site paired meanwhile gets in. */
  readonly accounts: () => Promise<readonly SiteAccount[]>;
  readonly blocked: BlockedAddresses;
  readonly queue: LoginQueue;
  readonly clock: Clock;
  /** What the answer to a wrong login waits, times the failures of its address so far. */
  readonly tarpitMilliseconds: number;
}

/** Who is at the other end of a line. */
export interface Caller {
  readonly address: string;
  /** Aborted when the line is closed. */
  readonly closed: AbortSignal;
}

/** Lets a site in, or rejects with a refusal: late, counted, and the same for an unknown user. */
export async function logIn(
  options: LoginOptions,
  { address, closed }: Caller,
  user: string,
  secret: string,
): Promise<SiteAccount> {
  const { blocked, clock, queue } = options;
  const account = await queue.run(address, closed, async () => {
    // It may have come to be blocked while it waited.
    if (blocked.has(address)) throw new FtpRefusal(421, 'Address blocked');
    const named = (await options.accounts()).find((candidate) => candidate.user === user);
    return (await verifySecret(secret, named?.secretHash ?? null)) ? named : undefined;
  });
  if (account !== undefined) {
    blocked.succeeded(address);
    queue.welcome(address);
    return account;
  }
  queue.failed();
  // A list that cannot be written (full disk) must not let the next guess in faster.
  const failures = await blocked.failed(address, user).catch(() => slowest);
  await clock.delay(Math.min(failures, slowest) * options.tarpitMilliseconds);
  throw new FtpRefusal(530, 'Login incorrect');
}
