import { Client } from 'basic-ftp';
import type { Clock } from '../../shared/clock';
import { connectError, loginError, tlsError, workError, type HubAddress } from './hub-errors';
import { learnCertificate, pinnedOptions, type PinnedCertificate } from './pinned-tls';

export interface LineOptions extends HubAddress {
  readonly user: string;
  readonly secret: string;
  /** SHA-256 of the hub's certificate, `AB:CD:…`; null where TLS was turned off by hand. */
  readonly fingerprint: string | null;
  readonly timeoutMilliseconds: number;
  /** A line that was quiet for longer is not trusted: a router may have forgotten it. */
  readonly keepMilliseconds: number;
  readonly clock: Clock;
}

/** The one control line to the hub: opened when needed, kept between calls, used by one call at a time. */
export class Line {
  #client: Client | null = null;
  #certificate: PinnedCertificate | null = null;
  #lastUse = 0;
  /** Ends the wait for a handshake under way. */
  #onClose: () => void = () => undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LineOptions) {}

  /** Runs `work` on an open line. Rejects at once with the signal's reason when it aborts. */
  async use<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let ended = false;
    const done = this.#turn.then(async () => {
      if (signal.aborted) return Promise.reject(new Error('Aborted while waiting'));
      const cut = (): void => {
        if (!ended) this.close();
      };
      signal.addEventListener('abort', cut);
      try {
        return await this.#work(work);
      } finally {
        ended = true;
        signal.removeEventListener('abort', cut);
      }
    });
    // The next call waits until this one has let go of its files, even when its caller waits no more.
    this.#turn = done.catch(() => undefined);
    return untilAborted(done, signal);
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
    this.#onClose();
  }

  async #work<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#open();
    try {
      return await work(client);
    } catch (error) {
      throw workError(error);
    } finally {
      this.#lastUse = this.options.clock.now();
    }
  }

  async #open(): Promise<Client> {
    const { fingerprint, keepMilliseconds, clock } = this.options;
    const kept = this.#client;
    if (kept !== null && !kept.closed && clock.now() - this.#lastUse < keepMilliseconds) return kept;
    this.close();
    if (fingerprint !== null) this.#certificate ??= await this.#learn(fingerprint);
    const client = this.#newClient();
    try {
      await this.#connect(client, fingerprint);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  #learn(fingerprint: string): Promise<PinnedCertificate> {
    const client = this.#newClient();
    return this.#handshake(learnCertificate(client, this.options, fingerprint), client);
  }

  async #connect(client: Client, fingerprint: string | null): Promise<void> {
    const { host, port, user, secret } = this.options;
    await client.connect(host, port).catch((error: unknown) => {
      throw connectError(error, this.options);
    });
    if (fingerprint !== null && this.#certificate !== null) {
      const secure = client.useTLS(pinnedOptions(this.options, this.#certificate, fingerprint));
      await this.#handshake(secure, client).catch((error: unknown) => {
        // Compared anew the next time: the hub may have got its former certificate back.
        this.#certificate = null;
        throw error;
      });
    }
    try {
      await client.login(user, secret);
      await client.send('TYPE I');
      if (fingerprint === null) return;
      await client.send('PBSZ 0');
      await client.send('PROT P');
    } catch (error) {
      throw loginError(error, user);
    }
  }

  #newClient(): Client {
    const client = new Client(this.options.timeoutMilliseconds);
    this.#client = client;
    return client;
  }

  /** basic-ftp sets no limit to a TLS handshake, and its promise hangs when the client is closed during one. */
  async #handshake<T>(work: Promise<T>, client: Client): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      const end = (reason: string): void => {
        client.close();
        reject(new Error(reason));
      };
      timer = setTimeout(end, this.options.timeoutMilliseconds, 'Timeout (TLS)');
      this.#onClose = () => {
        end('Line closed');
      };
    });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      throw tlsError(error, this.options);
    } finally {
      clearTimeout(timer);
      this.#onClose = () => undefined;
      // Whichever loses the race has nobody to tell.
      work.catch(() => undefined);
    }
  }
}

/** What `work` gives, or the signal's reason as soon as it aborts. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  const cut = aborted.then(() => {
    signal.throwIfAborted();
    return work;
  });
  try {
    return await Promise.race([work, cut]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
