import type { Value } from '../batch/block';
import type { RowEncoding } from './encoding';

/** Most buckets of a table: a megabyte of sums. */
export const MOST_BUCKETS = 1 << 16;
const ROWS_A_BUCKET = 64;
/** Words of 32 bits that a bucket's sum has. */
const WORDS = 4;

/** A power of two: sums over more buckets can be folded to it. */
export function bucketsFor(rows: number): number {
  let buckets = 1;
  while (buckets < MOST_BUCKETS && buckets * ROWS_A_BUCKET < rows) buckets *= 2;
  return buckets;
}

/**
 * Digests of a table's rows, spread over buckets by a hash of their keys and summed bit by bit there: in whatever order
 * the rows come, and however a database sorts keys, equal tables have equal sums.
 */
export class TableDigests {
  readonly buckets: number;
  rows = 0;
  #sums: Uint32Array;

  constructor(buckets: number) {
    this.buckets = buckets;
    this.#sums = new Uint32Array(buckets * WORDS);
  }

  static of(buckets: number, rows: number, base64: string): TableDigests | null {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length !== buckets * WORDS * 4) return null;
    const digests = new TableDigests(buckets);
    digests.rows = rows;
    digests.#sums = digests.#sums.map((_, at) => bytes.readUInt32LE(at * 4));
    return digests;
  }

  add(encoding: RowEncoding, values: readonly Value[]): void {
    const digest = encoding.digest(values);
    const first = bucketOf(encoding.keyHash(values), this.buckets) * WORDS;
    for (let word = 0; word < WORDS; word += 1)
      this.#sums[first + word] = (this.#sums[first + word] ?? 0) ^ digest.readUInt32LE(word * 4);
    this.rows += 1;
  }

  /** The same over fewer buckets. */
  folded(buckets: number): TableDigests {
    const digests = new TableDigests(buckets);
    digests.rows = this.rows;
    this.#sums.forEach((sum, at) => {
      const place = at % (buckets * WORDS);
      digests.#sums[place] = (digests.#sums[place] ?? 0) ^ sum;
    });
    return digests;
  }

  /** Buckets whose sums differ from those of another place. */
  differing(other: TableDigests): number[] {
    const found: number[] = [];
    for (let bucket = 0; bucket < this.buckets; bucket += 1) {
      const first = bucket * WORDS;
      const same = [0, 1, 2, 3].every((word) => this.#sums[first + word] === other.#sums[first + word]);
      if (!same) found.push(bucket);
    }
    return found;
  }

  toBase64(): string {
    const bytes = Buffer.alloc(this.#sums.length * 4);
    this.#sums.forEach((sum, at) => bytes.writeUInt32LE(sum, at * 4));
    return bytes.toString('base64');
  }
}

export const bucketOf = (keyHash: number, buckets: number): number => keyHash % buckets;

/** Some of a table's buckets. */
export class BucketSet {
  readonly #wanted: Uint8Array;

  constructor(
    readonly buckets: number,
    wanted: Iterable<number>,
  ) {
    this.#wanted = new Uint8Array(buckets);
    for (const bucket of wanted) this.#wanted[bucket] = 1;
  }

  has(keyHash: number): boolean {
    return this.#wanted[bucketOf(keyHash, this.buckets)] === 1;
  }
}
