import type { Clock } from '../../shared/clock';
import { codeRefusals } from '../login-words';
import type { SiteAccount, SiteSecrets } from '../port';
import { hashSecret, isSlowHash, verifySecret } from '../secrets';
import type { BlockedAddresses } from './blocked';
import { FtpRefusal } from './refusal';

/** Slowest answer to a wrong password, in failures so far. */
const slowest = 5;

export interface LoginOptions {
  /** Asked at every login, so that a site paired meanwhile gets in. */
  readonly accounts: () => Promise<readonly SiteAccount[]>;
  readonly secrets: SiteSecrets | null;
  readonly blocked: BlockedAddresses;
  readonly clock: Clock;
  /** What the answer to a wrong login waits, times the failures of its address so far. */
  readonly tarpitMilliseconds: number;
}

export interface Login {
  readonly account: SiteAccount;
  /** It came with its pairing code, and may leave a lasting secret and do nothing else. */
  readonly byCode: boolean;
}

/** Lets a site in, or rejects with a refusal: late, counted, and the same for an unknown user. */
export async function logIn(
  options: LoginOptions,
  address: string,
  user: string,
  secret: string,
): Promise<Login> {
  const { blocked, clock } = options;
  const account = (await options.accounts()).find((candidate) => candidate.user === user);
  const code = account?.code ?? null;
  const bySecret = await verifySecret(secret, account?.secretHash ?? null);
  const byCode = code !== null && (await verifySecret(secret, code.hash));
  if (
    account !== undefined &&
    (bySecret ? await isProven(options, account) : byCode && code.state === 'open')
  ) {
    blocked.succeeded(address);
    if (bySecret && isSlowHash(account.secretHash ?? ''))
      await options.secrets?.rehashed(account, hashSecret(secret));
    return { account, byCode: !bySecret };
  }
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
