import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_CHANGES, type Block, type Value } from '../../../src/batch/block';
import { decodeBlock, encodeBlock } from '../../../src/batch/block-codec';
import { FormatError } from '../../../src/batch/bytes';
import { anyBlock, plainBlock } from './samples';

function roundTrip(block: Block): Block {
  return decodeBlock(encodeBlock(block).bytes);
}

function columnBlock(values: readonly Value[]): Block {
  return {
    table: 't',
    columns: ['v'],
    keyCount: 1,
    changes: values.map((value) => ({ op: 'I', marks: '1', changedAt: 0, base: null, values: [value] })),
  };
}

describe('a block', () => {
  test('comes back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(anyBlock, (block) => {
        expect(roundTrip(block)).toStrictEqual(block);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<[string, Value[]]>([
    ['whole numbers over 2^53', [2n ** 53n + 1n, -(2n ** 53n) - 1n, 0n]],
    ['the ends of 64 bits', [2n ** 63n - 1n, -(2n ** 63n), 0n]],
    ['numbers of more than 64 bits', [2n ** 64n, -(10n ** 40n)]],
    ['the ends of the fast way', [2n ** 51n, -(2n ** 51n), 2n ** 51n + 1n]],
    ['both zeros', [0, -0]],
    ['what is not a number', [NaN, Infinity, -Infinity]],
    ['amounts', [12.5, 0.07, 1e6, -3.14]],
    ['amounts among others', [0.1, 1 / 3, 5e-324, 1.7976931348623157e308]],
    ['empty text, no text, empty bytes', ['', null, new Uint8Array(0)]],
    ['NUL and lone surrogates', ['a\0b', '\ud83d', '\ude00', '\ud83d\ude00']],
    ['text that looks like numbers', ['1', '01', '+1', '1.', ' 1', '1e3', '-0', '0x1']],
    ['amounts in text', ['12.50', '-0.07', '0.00']],
    ['amounts in text, but one', ['12.50', '-0.00']],
    ['decimals of several lengths', ['1.5', '1.50']],
    ['dates', ['2026-11-24 10:00:00', '2026-11-25 23:59:59']],
    ['repeated words', Array.from({ length: 200 }, (_, i) => `word ${i % 7}`)],
    ['every kind at once', [null, 1n, 1, '1', new Uint8Array([1])]],
  ])('keeps %s', (_, values) => {
    expect(roundTrip(columnBlock(values))).toStrictEqual(columnBlock(values));
  });

  test('that says what its changes add is the same block, and more', () => {
    const plain = plainBlock('stock', 3);
    const adds = [[-3n], ['0.50'], [null]];
    const sums: Block = {
      ...plain,
      additive: ['name'],
      changes: plain.changes.map((change, at) => ({ ...change, adds: adds[at] ?? [] })),
    };
    expect(roundTrip(sums)).toStrictEqual(sums);
    const { bytes } = encodeBlock(plain);
    const more = encodeBlock(sums).bytes;
    expect(more.length).toBeGreaterThan(bytes.length);
    expect(more.subarray(0, bytes.length)).toEqual(bytes);
    expect(() => encodeBlock({ ...sums, additive: ['other'] })).toThrow(
      'additive columns that are none of it',
    );
    expect(() => encodeBlock({ ...sums, additive: ['id', 'name'] })).toThrow('1 sums');
  });

  test('keeps the largest number of changes, and refuses one more', () => {
    expect(roundTrip(plainBlock('t', BLOCK_CHANGES))).toStrictEqual(plainBlock('t', BLOCK_CHANGES));
    expect(() => encodeBlock(plainBlock('t', BLOCK_CHANGES + 1))).toThrow(RangeError);
  });

  test('refuses a deletion that carries more than its key', () => {
    const block = plainBlock('t', 1);
    const changes = block.changes.map((change) => ({ ...change, op: 'D' as const }));
    expect(() => encodeBlock({ ...block, changes })).toThrow('D with 2 values, 1 expected');
  });

  test('can hold a value larger than any other', () => {
    const values = ['é'.repeat(300_000), '', null, new Uint8Array(700_000).fill(7), 10n ** 5000n];
    expect(roundTrip(columnBlock(values))).toStrictEqual(columnBlock(values));
  });

  test('decodes a value that holds no memory of its block', () => {
    const [change] = roundTrip(columnBlock([new Uint8Array([1, 2])])).changes;
    const value = change?.values[0];
    expect(value instanceof Uint8Array && value.buffer.byteLength).toBe(2);
  });

  test('of wrong bytes is refused, and never takes more memory than they say', () => {
    const { bytes } = encodeBlock(plainBlock('client', 3));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const wrong = Buffer.from(bytes);
        wrong.writeUInt8(wrong.readUInt8(at) ^ flip, at);
        try {
          decodeBlock(wrong);
        } catch (error) {
          expect(error).toSatisfy((each) => each instanceof FormatError || each instanceof SyntaxError);
        }
      }),
      { numRuns: 2000 },
    );
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeBlock(bytes.subarray(0, length))).toThrow(FormatError);
  });
});
