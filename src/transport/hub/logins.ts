import type { Clock } from '../../shared/clock';
import { codeRefusals } from '../login-words';
import type { SiteAccount, SiteSecrets } from '../port';
import { isCodeSecret, verifySecret } from '../secrets';
import type { BlockedAddresses } from './blocked';
import type { LoginQueue } from './login-queue';
import { FtpRefusal } from './refusal';

/** Slowest answer to a wrong password, in failures so far. */
const slowest = 5;

export interface LoginOptions {
  /** Asked at every login, so that a site paired meanwhile gets in. */
  readonly accounts: () => Promise<readonly SiteAccount[]>;
  readonly secrets: SiteSecrets | null;
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

export interface Login {
  readonly account: SiteAccount;
  /** It came with its pairing code, and may leave a lasting secret and do nothing else. */
  readonly byCode: boolean;
}

/** Lets a site in, or rejects with a refusal: late, counted, and the same for an unknown user. */
export async function logIn(
  options: LoginOptions,
  { address, closed }: Caller,
  user: string,
  secret: string,
): Promise<Login> {
  const { blocked, clock, queue } = options;
  const { account, bySecret } = await queue.run(address, closed, async () => {
    // It may have come to be blocked while it waited.
    if (blocked.has(address)) throw new FtpRefusal(421, 'Address blocked');
    const named = (await options.accounts()).find((candidate) => candidate.user === user);
    // Always, and whatever the account is: how long it takes says nothing.
    return { account: named, bySecret: await verifySecret(secret, named?.secretHash ?? null) };
  });
  const code = account?.code ?? null;
  const byCode = code !== null && isCodeSecret(secret, code.hash);
  if (
    account !== undefined &&
    (bySecret ? await isProven(options, account) : byCode && code.state === 'open')
  ) {
    blocked.succeeded(address);
    queue.welcome(address);
    return { account, byCode: !bySecret };
  }
  queue.failed();
  const state = byCode && code.state !== 'open' ? code.state : null;
  if (account !== undefined && state !== null) options.secrets?.refused(account, state);
  // A list that cannot be written (full disk) must not let the next guess in faster.
  const failures = await blocked.failed(address, user).catch(() => slowest);
  await clock.delay(Math.min(failures, slowest) * options.tarpitMilliseconds);
  throw new FtpRefusal(530, state === null ? 'Login incorrect' : codeRefusals[state]);
}

/** Before a site is let in with the secret it left: from its first command on, its code is worth nothing any more. */
async function isProven({ secrets }: LoginOptions, account: SiteAccount): Promise<boolean> {
  const { code = null } = account;
  return code === null || code.state === 'used' || secrets === null || secrets.proven(account);
}
