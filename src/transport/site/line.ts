import { Client } from 'basic-ftp';
import type { Clock } from '../../shared/clock';
import { toSyncError } from '../../shared/to-sync-error';
import type { SiteMemory } from '../port';
import { connectError, tlsError, workError, type HubAddress } from './hub-errors';
import { agree, logIn, type SiteLogin } from './login';
import { learnCertificate, pinnedOptions, type PinnedCertificate } from './pinned-tls';

export interface LineOptions extends HubAddress, SiteLogin {
  /** SHA-256 of the hub's certificate, `AB:CD:…`; null where TLS was turned off by hand. */
  readonly fingerprint: string | null;
  /** Of the certificate that the hub announced and may show by now. */
  readonly nextFingerprint: string | null;
  readonly memory: SiteMemory;
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
  /** Those that were given, and what was learnt since. */
  #options: LineOptions;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** The hub says that it will show another certificate one day. */
  async announced(fingerprint: string): Promise<void> {
    const { fingerprint: shown, nextFingerprint, memory } = this.#options;
    if (shown === null || fingerprint === nextFingerprint) return;
    await memory.certificateAnnounced(fingerprint);
    this.#options = { ...this.#options, nextFingerprint: fingerprint };
  }

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
        return await this.#work(signal, work);
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

  async #work<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#open();
    // Between two lines of a login there is none to cut.
    signal.throwIfAborted();
    try {
      return await work(client);
    } catch (error) {
      throw workError(error);
    } finally {
      this.#lastUse = this.#options.clock.now();
    }
  }

  async #open(): Promise<Client> {
    const { keepMilliseconds, clock } = this.#options;
    const kept = this.#client;
    if (kept !== null && !kept.closed && clock.now() - this.#lastUse < keepMilliseconds) return kept;
    this.close();
    const client = await logIn(() => this.#connect(), this.#options);
    await agree(client, this.#options.user, this.#options.fingerprint !== null);
    await this.#remember();
    return client;
  }

  /** What this login taught, before anything is done with it. */
  async #remember(): Promise<void> {
    const { code, fingerprint, memory } = this.#options;
    if (code !== null) {
      await memory.secretTaken();
      this.#options = { ...this.#options, code: null };
    }
    const shown = this.#certificate?.fingerprint ?? null;
    if (shown === null || shown === fingerprint) return;
    await memory.certificateRenewed(shown);
    this.#options = { ...this.#options, fingerprint: shown, nextFingerprint: null };
  }

  /** A line that is encrypted where it is to be, and not logged in. */
  async #connect(): Promise<Client> {
    const { fingerprint } = this.#options;
    if (fingerprint === null) return this.#newLine();
    const known = this.#certificate;
    if (known !== null) {
      try {
        return await this.#newLine(known);
      } catch (error) {
        if (toSyncError(error).code !== 'hub.fingerprint') throw error;
        // Compared anew: the hub may have renewed its certificate meanwhile, or got its former one back.
        this.#certificate = null;
      }
    }
    this.#certificate = await this.#learn(fingerprint);
    return this.#newLine(this.#certificate);
  }

  #learn(fingerprint: string): Promise<PinnedCertificate> {
    const { nextFingerprint } = this.#options;
    const known = nextFingerprint === null ? [fingerprint] : [fingerprint, nextFingerprint];
    const client = this.#newClient();
    return this.#handshake(learnCertificate(client, this.#options, known), client);
  }

  async #newLine(certificate?: PinnedCertificate): Promise<Client> {
    const { host, port } = this.#options;
    const client = this.#newClient();
    try {
      await client.connect(host, port).catch((error: unknown) => {
        throw connectError(error, this.#options);
      });
      if (certificate !== undefined)
        await this.#handshake(client.useTLS(pinnedOptions(this.#options, certificate)), client);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  #newClient(): Client {
    const client = new Client(this.#options.timeoutMilliseconds);
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
      timer = setTimeout(end, this.#options.timeoutMilliseconds, 'Timeout (TLS)');
      this.#onClose = () => {
        end('Line closed');
      };
    });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      throw tlsError(error, this.#options);
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
