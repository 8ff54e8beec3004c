import { expect, test } from 'vitest';
import { marksOf, marksUpTo, withMark } from '../../../src/database/round-marks';

const mark = (round: number): string => String(round).padStart(8, '0');
const upTo = (last: number): string =>
  Array.from({ length: last }, (_, at) => at + 1).reduce(
    (marks, round) => withMark(marks, round, mark(round)),
    '',
  );

test('are known by their rounds, the newest first', () => {
  expect([...marksOf(upTo(3))]).toEqual([
    [3, mark(3)],
    [2, mark(2)],
    [1, mark(1)],
  ]);
  expect([...marksOf('')]).toEqual([]);
});

test('the oldest are forgotten, so that they fit where they are kept', () => {
  const marks = upTo(100_000);
  expect(marks.length).toBeLessThanOrEqual(400);
  expect([...marksOf(marks).keys()]).toEqual(Array.from({ length: 40 }, (_, at) => 100_000 - at));
});

test('go back to a round, and on from there', () => {
  const back = marksUpTo(upTo(9), 6);
  expect([...marksOf(back).keys()]).toEqual([6, 5, 4, 3, 2, 1]);
  expect(marksOf(withMark(back, 7, 'another.')).get(7)).toBe('another.');
  expect(marksUpTo(upTo(9), 0)).toBe('');
});

test('begin anew where a round was left out', () => {
  expect([...marksOf(withMark(upTo(3), 7, mark(7))).keys()]).toEqual([7]);
});
