import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Value } from '../../../src/batch/block';
import { minus, plus, total } from '../../../src/database/additive';

const LARGEST = 2n ** 63n - 1n;

describe('what adds up', () => {
  test.each<[Value, Value, Value]>([
    [2n, 3n, 5n],
    [LARGEST, 1n, null],
    [-LARGEST - 1n, -1n, null],
    [LARGEST, -1n, LARGEST - 1n],
    [0.1, 0.2, 0.3],
    [1n, 0.5, 1.5],
    [1e300, 1e300, 2e300],
    [1.7e308, 1.7e308, null],
    [5e-324, 0n, 5e-324],
    ['99999999999999999999999999.9999', '-0.0002', '99999999999999999999999999.9997'],
    ['12.50', '-12.5', '0.00'],
    ['-0.05', '0.10', '0.05'],
    ['.5', 1n, null],
    ['12.50', 0.25, '12.75'],
    ['12', -13n, '-1'],
    ['1e999999999', 1n, null],
    ['twelve', 1n, null],
    [null, 1n, null],
    [1n, null, null],
    [NaN, 1, null],
    [new Uint8Array([1]), 1n, null],
  ])('%s and %s make %s', (one, other, sum) => {
    expect(plus(one, other)).toBe(sum);
  });

  test('of amounts in cents is exact, whatever their order, and can be taken away again', () => {
    const cents = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(cents, (amounts) => {
        const exact = amounts.reduce((sum, amount) => sum + amount, 0) / 100;
        const parts = amounts.map((amount) => amount / 100);
        expect(Number(total(parts))).toBe(exact === 0 ? 0 : exact);
        expect(Number(total([...parts].reverse()))).toBe(exact === 0 ? 0 : exact);
        expect(Number(minus(total([...parts, 1.1]), 1.1))).toBe(exact === 0 ? 0 : exact);
      }),
      { seed: 20_261_126, numRuns: 200 },
    );
  });

  test('is not known where a part is not', () => {
    expect(total([1n, null, 2n])).toBeNull();
    expect(total([])).toBe(0n);
  });
});
