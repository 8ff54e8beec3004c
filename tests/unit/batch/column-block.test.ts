import { expect, test } from 'vitest';
import type { Block, Change } from '../../../src/batch/block';
import { decodeBlock, encodeBlock } from '../../../src/batch/block-codec';
import { ColumnBlock, countChanges } from '../../../src/batch/column-block';

const HEAD = { table: 'visit', columns: ['id', 'note', 'paid'], keyCount: 1 };
const CHANGES: readonly Change[] = [
  { op: 'I', marks: '111', changedAt: 5, base: null, values: [-7n, 'a\0b', null] },
  { op: 'U', marks: '011', changedAt: 9, base: null, values: [2n ** 51n, null, 0.1] },
];

const columnBlock = (): ColumnBlock =>
  new ColumnBlock(HEAD, {
    ops: ['I', 'U'],
    marks: ['111', '011'],
    changedAt: Float64Array.of(5, 9),
    cells: [Float64Array.of(-7, 2 ** 51), ['a\0b', null], [null, 0.1]],
  });

test('a block of columns is written, byte for byte, as the same changes in rows', () => {
  expect(encodeBlock(columnBlock())).toEqual(encodeBlock({ ...HEAD, changes: CHANGES }));
  expect(decodeBlock(encodeBlock(columnBlock()).bytes)).toEqual({ ...HEAD, changes: CHANGES });
});

test('it gives its changes to whoever asks', () => {
  const block = columnBlock();
  expect(countChanges(block)).toBe(2);
  expect(block.changes).toEqual(CHANGES);
  expect(countChanges({ ...HEAD, changes: CHANGES.slice(1) })).toBe(1);
});

test('what is made of a copy of it with other changes says these', () => {
  const changes = CHANGES.slice(1);
  const block: Block = columnBlock();
  expect(decodeBlock(encodeBlock({ ...block, changes }).bytes)).toEqual({ ...HEAD, changes });
});
