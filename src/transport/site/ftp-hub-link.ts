import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { manifestSchema, type Manifest, type Segment } from '../../batch/manifest';
import { systemClock, type Clock } from '../../shared/clock';
import { diskError } from '../../shared/disk-error';
import { fileSha256 } from '../disk';
import {
  manifestFile,
  numberName,
  requestFile,
  snapshotName,
  snapshotRequestFile,
  snapshotsFolderName,
  statusFile,
  waitingFile,
  type Inbox,
} from '../names';
import { parseAnswer, parseStatus } from '../answers';
import type { Acknowledgement, HubLink, HubStatus, SiteMemory, Snapshot, TransferOptions } from '../port';
import { fetchAnswer, fetchFile, fetchSegment, ofRound, ofSnapshot, readText, sizeOf } from './download';
import { Line, type LineOptions } from './line';
import { noMemory } from './no-memory';
import { fileBlocks } from './local-file';
import { Pace } from './pace';
import type { Passing } from './passing';
import { upload } from './upload';

type Needed = 'host' | 'port' | 'user' | 'secret' | 'fingerprint';

export type FtpHubLinkOptions = Pick<LineOptions, Needed> & {
  /** Null by default: the secret is known at the hub. */
  readonly code?: string | null;
  /** Null by default. */
  readonly nextFingerprint?: string | null;
  /** By default what is learnt is forgotten with the link. */
  readonly memory?: SiteMemory;
  /** Bytes a second that may pass at a time (milliseconds since 1970, UTC); null, and by default: as many as can. */
  readonly limitAt?: (now: number) => number | null;
  /** A line silent for so long is cut; 30 s by default. */
  readonly timeoutMilliseconds?: number;
  /** A transfer that stands still for so long is cut; 12 s by default. */
  readonly standstillMilliseconds?: number;
  /** A line unused for so long is opened anew; 60 s by default. */
  readonly keepMilliseconds?: number;
  readonly clock?: Clock;
};

/** A site's way to its hub, over FTP with TLS. */
export function createFtpHubLink(options: FtpHubLinkOptions): HubLink {
  const { limitAt = () => null, standstillMilliseconds = 12_000, clock = systemClock, ...others } = options;
  const line = new Line({
    ...{ timeoutMilliseconds: 30_000, keepMilliseconds: 60_000, clock },
    ...{ code: null, nextFingerprint: null, memory: noMemory },
    ...others,
  });
  return new FtpHubLink(line, { pace: new Pace({ clock, limitAt }), standstillMilliseconds });
}

class FtpHubLink implements HubLink {
  constructor(
    private readonly line: Line,
    private readonly passing: Pick<Passing, 'pace' | 'standstillMilliseconds'>,
  ) {}

  async status(signal: AbortSignal): Promise<HubStatus> {
    const status = parseStatus(await this.line.use(signal, (client) => readText(client, `/${statusFile}`)));
    if (status.nextFingerprint !== undefined) await this.line.announced(status.nextFingerprint);
    return status;
  }

  async sendBatch(batch: number, file: string, options: TransferOptions): Promise<void> {
    const { signal } = options;
    await this.line.use(signal, async (client) => {
      const { size, sha256 } = await identity(file, signal);
      const open = (start: number): AsyncIterable<Buffer> => fileBlocks(file, start);
      await upload(client, { inbox: 'batches', number: batch, size, sha256, open }, this.#passing(options));
    });
  }

  async manifest(round: number, signal: AbortSignal): Promise<Manifest> {
    const text = await this.line.use(signal, (client) =>
      ofRound(round, readText(client, manifestPath(round))),
    );
    return parseAnswer(manifestSchema, text, manifestFile);
  }

  async isPublished(round: number, signal: AbortSignal): Promise<boolean> {
    return (await this.line.use(signal, (client) => sizeOf(client, manifestPath(round)))) !== null;
  }

  async fetchSegment(round: number, segment: Segment, file: string, options: TransferOptions): Promise<void> {
    await this.line.use(options.signal, (client) =>
      fetchSegment(client, round, segment, file, this.#passing(options)),
    );
  }

  requestSnapshot(signal: AbortSignal): Promise<void> {
    return this.#wish(snapshotRequestFile, signal);
  }

  async fetchSnapshot(snapshot: Snapshot, file: string, options: TransferOptions): Promise<void> {
    const path = `/${snapshotsFolderName}/${snapshotName(snapshot.round, snapshot.sha256)}`;
    await this.line.use(options.signal, (client) =>
      ofSnapshot(fetchFile(client, path, { ...snapshot, name: 'snapshot' }, file, this.#passing(options))),
    );
  }

  requestSession(signal: AbortSignal): Promise<void> {
    return this.#wish(requestFile, signal);
  }

  tellWaiting(signal: AbortSignal): Promise<void> {
    return this.#wish(waitingFile, signal);
  }

  async #wish(file: string, signal: AbortSignal): Promise<void> {
    await this.line.use(signal, async (client) => {
      await client.uploadFrom(Readable.from([Buffer.from('{}')]), `/requests/${file}`);
    });
  }

  acknowledge(acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void> {
    return this.#leave('acks', acknowledgement.round, JSON.stringify(acknowledgement), signal);
  }

  ask(number: number, question: string, signal: AbortSignal): Promise<void> {
    return this.#leave('questions', number, question, signal);
  }

  fetchAnswer(number: number, file: string, options: TransferOptions): Promise<boolean> {
    return this.line.use(options.signal, (client) =>
      fetchAnswer(client, number, file, this.#passing(options)),
    );
  }

  async #leave(inbox: Inbox, number: number, text: string, signal: AbortSignal): Promise<void> {
    const content = Buffer.from(text);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const open = (start: number): AsyncIterable<Buffer> => Readable.from([content.subarray(start)]);
    await this.line.use(signal, (client) =>
      upload(client, { inbox, number, size: content.length, sha256, open }, this.#passing({ signal })),
    );
  }

  #passing(options: TransferOptions): Passing {
    return { ...options, ...this.passing };
  }

  close(): void {
    this.line.close();
  }
}

const manifestPath = (round: number): string => `/rounds/${numberName(round)}/${manifestFile}`;

/** Size and digest of a file that never changes. */
async function identity(file: string, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
  try {
    const sha256 = await fileSha256(file, signal);
    return { size: (await stat(file)).size, sha256 };
  } catch (error) {
    signal.throwIfAborted();
    throw diskError(error, file);
  }
}
