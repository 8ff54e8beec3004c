import { join } from 'node:path';
import type { Block } from '../batch/block';
import { readFrames } from '../batch/block-frames';
import { countChanges } from '../batch/column-block';
import type { Header } from '../batch/header';
import type { Manifest, Segment } from '../batch/manifest';
import { createBatchWriter, type BatchWriter } from '../batch/writer';
import { renameDurable } from '../shared/atomic-file';
import type { PlainBatch } from './plain-batches';

export interface SegmentOptions {
  readonly round: number;
  readonly application: string;
  /** What the hub's tables are made of. */
  readonly schemas: Pick<Manifest, 'fingerprints' | 'schemas'>;
  readonly signal: AbortSignal;
  readonly onChanges: (table: string, changes: number) => void;
}

/** The segments of a round while they are written, one for each origin. */
export class Segments {
  readonly #writers = new Map<number, BatchWriter>();
  readonly #folder: string;
  readonly #options: SegmentOptions;
  readonly #plain: ReadonlyMap<number, PlainBatch>;

  /** `plain`: batches of which the round can take blocks as they are. */
  constructor(folder: string, options: SegmentOptions, plain: readonly PlainBatch[]) {
    this.#folder = folder;
    this.#options = options;
    this.#plain = new Map(plain.map((batch) => [batch.site, batch]));
  }

  async write(origin: number, block: Block): Promise<void> {
    const offset = this.#offsetOf(origin);
    await this.#writer(origin).write(offset === 0 ? block : byAnotherClock(block, offset));
    this.#options.onChanges(block.table, countChanges(block));
  }

  /** What the batches say of this table, as they say it. */
  async copy(table: string): Promise<void> {
    for (const { site, file, frames } of this.#plain.values()) {
      const wanted = frames.filter((frame) => frame.table === table);
      for await (const { frame, bytes } of readFrames(file, wanted)) {
        this.#options.signal.throwIfAborted();
        await this.#writer(site).copy(frame, bytes);
        this.#options.onChanges(table, frame.changes);
      }
    }
  }

  async finish(): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const [origin, writer] of [...this.#writers].sort(([a], [b]) => a - b)) {
      const { size, sha256, changes } = await writer.finish();
      const name = segmentName(origin);
      await renameDurable(this.#temporary(origin), join(this.#folder, name));
      segments.push({ name, origin, size, sha256, changes });
    }
    return segments;
  }

  async abort(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.abort();
  }

  #writer(origin: number): BatchWriter {
    const writer =
      this.#writers.get(origin) ?? createBatchWriter(this.#temporary(origin), this.#headerOf(origin));
    this.#writers.set(origin, writer);
    return writer;
  }

  #headerOf(origin: number): Header {
    const { round, application, schemas } = this.#options;
    return {
      format: 1,
      application,
      kind: 'segment',
      origin,
      number: round,
      base: round - 1,
      fingerprints: schemas.fingerprints,
      clockOffset: this.#offsetOf(origin),
    };
  }

  #offsetOf(origin: number): number {
    return this.#plain.get(origin)?.clockOffset ?? 0;
  }

  #temporary(origin: number): string {
    return join(this.#folder, `${segmentName(origin)}.tmp`);
  }
}

/** As the segment's other blocks, whose times are by the clock of their batch's author. */
const byAnotherClock = (block: Block, offset: number): Block => ({
  ...block,
  changes: block.changes.map((change) => ({ ...change, changedAt: change.changedAt - offset })),
});

const segmentName = (origin: number): string => `origin-${String(origin).padStart(3, '0')}.segment`;
