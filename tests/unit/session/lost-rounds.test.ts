import { expect, test } from 'vitest';
import { areRoundsLost } from '../../../src/session/lost-rounds';

const marks = '3:aaaaaaaabbbbbbbb';

test.each([
  ['all are there', 4, marks, 4, 0, false],
  ['more than the database knows', 4, marks, 5, 0, false],
  ['several are gone', 4, marks, 2, 0, true],
  ['the last one is gone, which was published', 4, marks, 3, 0, true],
  ['the last one is gone, which a site has applied', 5, marks, 4, 5, true],
  ['the last one never was published: the power went', 5, marks, 4, 4, false],
  ['nothing ever was', 0, '', 0, 0, false],
] as const)('%s', (_, lastMarked, roundMarks, published, acknowledged, lost) => {
  expect(areRoundsLost({ lastMarked, roundMarks }, published, acknowledged)).toBe(lost);
});
