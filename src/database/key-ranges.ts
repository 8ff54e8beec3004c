/** Ranges of generated keys: each place makes its own, so that no two places ever make the same one. */

export interface KeyRange {
  readonly table: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Part of it that is taken, from 0 to 1. */
  readonly used: number;
}

/** From this part on it is time to say so. */
export const NEARLY_USED = 0.8;

const SIZES: readonly { readonly largest: bigint; readonly size: bigint }[] = [
  { largest: 2n ** 63n - 1n, size: 10n ** 12n },
  { largest: 2n ** 31n - 1n, size: 10n ** 7n },
];

/** Keys a place gets, by the largest value of their type; null where there are too few to share. */
const sizeOf = (largest: bigint): bigint | null =>
  SIZES.find((type) => type.largest === largest)?.size ?? null;

/**
 * Where the ranges of all places start, from the highest key there was before any had one: the range of the hub holds
 * it. Every copy of a database keeps the number, so that all places count from the same. Null: no ranges are possible.
 */
export function firstRange(highest: bigint, largest: bigint): bigint | null {
  const size = sizeOf(largest);
  return size === null ? null : (highest / size) * size;
}

/** The range of a place (0: the hub, else the number of the site); null where the type has no more. */
export function rangeAt(
  place: number,
  first: bigint,
  largest: bigint,
): { readonly from: bigint; readonly to: bigint } | null {
  const size = sizeOf(largest);
  if (size === null) return null;
  const start = first + BigInt(place) * size;
  const to = start + size - 1n;
  return to > largest ? null : { from: start === 0n ? 1n : start, to };
}

/** Keys that are left, to the precision of `used`. */
export const leftIn = ({ from, to, used }: KeyRange): number =>
  Math.max(0, Math.round(Number(to - from + 1n) * (1 - used)));

/** `highest`: the highest key of the range that is in the table, null for none. */
export const usedPart = (from: bigint, to: bigint, highest: bigint | null): number =>
  highest === null ? 0 : Number(highest - from + 1n) / Number(to - from + 1n);
