import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstRange, rangeAt, usedPart } from '../../../src/database/key-ranges';

const INT = 2n ** 31n - 1n;
const BIGINT = 2n ** 63n - 1n;

test('the hub counts on where the database is, each site in a block of its own', () => {
  const first = firstRange(1234n, INT);
  expect(first).toBe(0n);
  expect(rangeAt(0, 0n, INT)).toEqual({ from: 1n, to: 9_999_999n });
  expect(rangeAt(2, 0n, INT)).toEqual({ from: 20_000_000n, to: 29_999_999n });
  expect(rangeAt(1, firstRange(25_000_000n, INT) ?? 0n, INT)).toEqual({ from: 30_000_000n, to: 39_999_999n });
});

test('a type with too few numbers has no ranges, nor has a place beyond its last', () => {
  expect(firstRange(5n, 2n ** 15n - 1n)).toBeNull();
  expect(rangeAt(213, 0n, INT)).not.toBeNull();
  expect(rangeAt(214, 0n, INT)).toBeNull();
});

test('no two places share a number, and the keys there were are in none but the hub’s', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(INT, BIGINT),
      fc.bigInt(0n, INT - 1n),
      fc.nat(200),
      fc.nat(200),
      (largest, highest, one, other) => {
        const first = firstRange(highest, largest) ?? 0n;
        const [a, b] = [rangeAt(one, first, largest), rangeAt(other, first, largest)];
        if (a === null || b === null || one === other) return true;
        return (a.to < b.from || b.to < a.from) && (one === 0 || a.from > highest);
      },
    ),
  );
});

test('the part that is taken', () => {
  expect(usedPart(10n, 19n, null)).toBe(0);
  expect(usedPart(10n, 19n, 17n)).toBe(0.8);
});
