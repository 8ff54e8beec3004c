import { lookup } from 'node:dns/promises';
import { Client } from 'basic-ftp';
import { SyncError } from '../../shared/errors';
import { statusFile } from '../names';
import type { HubProbe } from '../port';
import { readText } from './download';
import { connectError, tlsError, workError } from './hub-errors';
import { learnCertificate, pinnedOptions, type PinnedCertificate } from './pinned-tls';
import type { FtpHubLinkOptions } from './ftp-hub-link';
import { agree, logIn } from './login';
import { noMemory } from './no-memory';

export type HubProbeOptions = Pick<
  FtpHubLinkOptions,
  'host' | 'port' | 'user' | 'secret' | 'fingerprint' | 'code' | 'nextFingerprint' | 'memory'
>;

/** A silent hub is given up after so long, milliseconds. */
const TIMEOUT = 15_000;

export function createHubProbe(options: HubProbeOptions): HubProbe {
  return new FtpHubProbe(options);
}

/** Goes the way of a session's line stage by stage, so that it can be said at which one it ends. */
class FtpHubProbe implements HubProbe {
  readonly #options: HubProbeOptions;
  #client: Client | null = null;
  #certificate: PinnedCertificate | null = null;

  constructor(options: HubProbeOptions) {
    this.#options = options;
  }

  async resolve(): Promise<readonly string[]> {
    const { host } = this.#options;
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new SyncError('hub.unknownHost', { params: { host, reason }, cause: error, retryable: true });
    }
  }

  async connect(): Promise<void> {
    const client = this.#open();
    try {
      await this.#connect(client);
    } finally {
      client.close();
    }
  }

  async certificate(): Promise<void> {
    const { fingerprint, nextFingerprint = null } = this.#options;
    if (fingerprint === null) return;
    const known = nextFingerprint === null ? [fingerprint] : [fingerprint, nextFingerprint];
    const learnt = learnCertificate(this.#open(), this.#options, known);
    this.#certificate = await learnt.catch((error: unknown) => {
      throw tlsError(error, this.#options);
    });
  }

  async login(): Promise<void> {
    const { code = null, fingerprint, user, secret, memory = noMemory } = this.#options;
    const client = await logIn(() => this.#secureLine(), { code, user, secret });
    await agree(client, user, fingerprint !== null);
    if (code !== null) await memory.secretTaken();
    const shown = this.#certificate?.fingerprint ?? null;
    if (shown !== null && shown !== fingerprint) await memory.certificateRenewed(shown);
  }

  async #secureLine(): Promise<Client> {
    const client = this.#open();
    await this.#connect(client);
    if (this.#certificate !== null) {
      const secured = client.useTLS(pinnedOptions(this.#options, this.#certificate));
      await secured.catch((error: unknown) => {
        throw tlsError(error, this.#options);
      });
    }
    return client;
  }

  async folder(): Promise<void> {
    const client = this.#loggedIn();
    try {
      for (const folder of ['batches', 'acks', 'rounds']) await client.cd(`/${folder}`);
      await client.cd('/');
    } catch (error) {
      throw workError(error);
    }
  }

  async readStatus(): Promise<string> {
    try {
      return await readText(this.#loggedIn(), `/${statusFile}`);
    } catch (error) {
      throw workError(error);
    }
  }

  async announced(announced: string): Promise<void> {
    const { fingerprint, nextFingerprint = null, memory = noMemory } = this.#options;
    if (fingerprint !== null && announced !== nextFingerprint) await memory.certificateAnnounced(announced);
  }

  close(): void {
    this.#client?.close();
  }

  async #connect(client: Client): Promise<void> {
    const { host, port } = this.#options;
    await client.connect(host, port).catch((error: unknown) => {
      throw connectError(error, this.#options);
    });
  }

  #open(): Client {
    this.#client?.close();
    this.#client = new Client(TIMEOUT);
    return this.#client;
  }

  #loggedIn(): Client {
    if (this.#client === null || this.#client.closed)
      throw new SyncError('hub.lineCut', { params: { reason: '' } });
    return this.#client;
  }
}
