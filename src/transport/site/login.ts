import type { Client } from 'basic-ftp';
import type { SyncError } from '../../shared/errors';
import { leaveSecret } from '../login-words';
import { loginError } from './hub-errors';

export interface SiteLogin {
  readonly user: string;
  /** The lasting one. */
  readonly secret: string;
  /** The pairing code's, until the hub is known to have taken the lasting one. */
  readonly code: string | null;
}

/**
 * Logs in on a line that `open` gives. With a code the lasting secret is left first, on a line of its own. Where a cut
 * fell into that earlier, the hub has it already, and says that the code is used: so the secret is tried all the same.
 * Rejects with `hub.login`, `hub.codeUsed`, `hub.codeExpired`…, or with what cuts a line.
 */
export async function logIn(open: () => Promise<Client>, login: SiteLogin): Promise<Client> {
  const { user, secret, code } = login;
  const refusal = code === null ? null : await leave(open, user, code, secret);
  const client = await open();
  try {
    await client.login(user, secret);
    return client;
  } catch (error) {
    client.close();
    const failure = loginError(error, user);
    throw failure.retryable ? failure : (refusal ?? failure);
  }
}

/** Null when the hub has the secret; else why it does not take the code. */
async function leave(
  open: () => Promise<Client>,
  user: string,
  code: string,
  secret: string,
): Promise<SyncError | null> {
  const client = await open();
  try {
    await client.login(user, code);
    await client.send(`SITE ${leaveSecret} ${secret}`);
    return null;
  } catch (error) {
    const failure = loginError(error, user);
    if (failure.retryable) throw failure;
    return failure;
  } finally {
    client.close();
  }
}

/** What every line agrees on once `user` is logged in. */
export async function agree(client: Client, user: string, isEncrypted: boolean): Promise<void> {
  try {
    await client.send('TYPE I');
    if (!isEncrypted) return;
    await client.send('PBSZ 0');
    await client.send('PROT P');
  } catch (error) {
    client.close();
    throw loginError(error, user);
  }
}
