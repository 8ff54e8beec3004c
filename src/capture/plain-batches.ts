import type { BlockFrame } from '../batch/block-frames';
import { digestFile } from '../batch/digest';

/** A merged batch with tables of which the hub has nothing else to say than what the batch says. */
export interface PlainBatch {
  readonly site: number;
  readonly file: string;
  /** Of the file as it was merged. */
  readonly sha256: string;
  /** Of its header. */
  readonly clockOffset: number;
  /** Where the blocks of these tables are. */
  readonly frames: readonly BlockFrame[];
}

/**
 * What a session merged and did not alter: its round can take these blocks as they are. Known to this session alone;
 * one that goes on after a power cut reads the rows from its database, as any other.
 */
export class PlainBatches {
  readonly #batches = new Map<number, PlainBatch | null>();

  /** Two batches of one site may speak of one row: then both are of no use. */
  add(batch: PlainBatch): void {
    this.#batches.set(batch.site, this.#batches.has(batch.site) ? null : batch);
  }

  /** Those whose file is still what was merged. */
  async intact(): Promise<readonly PlainBatch[]> {
    const intact: PlainBatch[] = [];
    for (const batch of this.#batches.values()) {
      if (batch === null || batch.frames.length === 0) continue;
      const sha256 = await digestFile(batch.file).then(
        (digest) => digest.sha256,
        () => null,
      );
      if (sha256 === batch.sha256) intact.push(batch);
    }
    return intact;
  }
}

/** By table, how many changes these batches bring. */
export function changesIn(batches: readonly PlainBatch[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { table, changes } of batches.flatMap(({ frames }) => frames))
    counts.set(table, (counts.get(table) ?? 0) + changes);
  return counts;
}
