import type { Manifest, Segment } from '../../src/batch/manifest';
import { SyncError } from '../../src/shared/errors';
import { systemCode } from '../../src/shared/disk-error';
import type {
  Acknowledgement,
  HubLink,
  HubStatus,
  Snapshot,
  TransferOptions,
} from '../../src/transport/port';
import type { Random } from '../support/random';
import { disk } from './machine/disk';
import { operate } from './machine/process';

export interface LineFaults {
  readonly random: Random;
  /** How often a call is cut, and how often a transfer has a bit turned: from 0 to 1. */
  readonly cut: number;
  readonly flip: number;
  /** How often the hub's power goes while it is spoken to. */
  readonly hubOff: number;
  readonly onHubOff: () => void;
}

/** A line to the hub that ends before, after or at any byte of what passes over it, says things twice and turns bits. */
export class FaultyLink implements HubLink {
  constructor(
    private readonly link: HubLink,
    private readonly faults: LineFaults,
  ) {}

  status(signal: AbortSignal): Promise<HubStatus> {
    return this.#call(() => this.link.status(signal));
  }

  manifest(round: number, signal: AbortSignal): Promise<Manifest> {
    return this.#call(() => this.link.manifest(round, signal));
  }

  isPublished(round: number, signal: AbortSignal): Promise<boolean> {
    return this.#call(() => this.link.isPublished(round, signal));
  }

  sendBatch(batch: number, file: string, options: TransferOptions): Promise<void> {
    const size = disk.files.get(file)?.data.length ?? 0;
    return this.#transfer(size, options, (given) => this.link.sendBatch(batch, file, given));
  }

  fetchSegment(round: number, segment: Segment, file: string, options: TransferOptions): Promise<void> {
    return this.#transfer(segment.size, options, (given) =>
      this.link.fetchSegment(round, segment, file, given),
    );
  }

  requestSession(signal: AbortSignal): Promise<void> {
    return this.#call(() => this.link.requestSession(signal));
  }

  tellWaiting(signal: AbortSignal): Promise<void> {
    return this.#call(() => this.link.tellWaiting(signal));
  }

  acknowledge(acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void> {
    return this.#call(() => this.link.acknowledge(acknowledgement, signal));
  }

  ask(number: number, question: string, signal: AbortSignal): Promise<void> {
    return this.#call(() => this.link.ask(number, question, signal));
  }

  fetchAnswer(number: number, file: string, options: TransferOptions): Promise<boolean> {
    return this.#call(() => this.link.fetchAnswer(number, file, options));
  }

  requestSnapshot(signal: AbortSignal): Promise<void> {
    return this.#call(() => this.link.requestSnapshot(signal));
  }

  fetchSnapshot(snapshot: Snapshot, file: string, options: TransferOptions): Promise<void> {
    return this.#call(() => this.link.fetchSnapshot(snapshot, file, options));
  }

  close(): void {
    this.link.close();
  }

  async #transfer(
    size: number,
    options: TransferOptions,
    work: (options: TransferOptions) => Promise<void>,
  ): Promise<void> {
    const { random, cut, flip } = this.faults;
    const cutAt = random.chance(cut) ? 1 + random.below(Math.max(1, size)) : null;
    const flipped = random.chance(flip) ? random.below(Math.max(1, size * 8)) : null;
    if (cutAt === null && flipped === null) return this.#call(() => work(options));
    let first: number | null = null;
    const onProgress = (bytes: number): void => {
      first ??= bytes;
      options.onProgress?.(bytes);
      if (cutAt !== null && bytes - first >= cutAt) this.link.close();
    };
    disk.delivery = { piece: cutAt ?? Math.max(1, size), flip: flipped };
    try {
      await this.#call(() => work({ ...options, onProgress }));
    } finally {
      disk.delivery = null;
    }
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    operate();
    const { random, cut, hubOff, onHubOff } = this.faults;
    if (random.chance(cut / 4)) throw lineCut();
    try {
      const answer = await work();
      const again = random.chance(cut / 4) ? await work() : answer;
      if (random.chance(cut / 4)) throw lineCut();
      if (!random.chance(hubOff)) return again;
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') throw new SyncError('hub.full', { cause: error, retryable: true });
      // A manifest that was damaged where it lies.
      if (error instanceof SyntaxError) throw new SyncError('hub.answer', { cause: error });
      throw error;
    }
    onHubOff();
    throw lineCut();
  }
}

const lineCut = (): SyncError => new SyncError('hub.lineCut', { retryable: true });
