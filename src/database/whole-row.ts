import type { Change, Value } from '../batch/block';

/** A row as a snapshot speaks of it: made, in all its columns, at no known time. */
export const wholeRow = (values: readonly Value[]): Change => ({
  op: 'I',
  marks: '1'.repeat(values.length),
  changedAt: 0,
  base: null,
  values,
});
