/**
 * Marks of the last rounds that a site applied, oldest first: by them it finds how far its past is that of a hub that
 * was restored. As text, `first:mark…`, the number of the first round and marks of one length; '' for none.
 */

/** Characters of a mark (`roundMark`). */
const LENGTH = 8;

/** Rounds that are kept: what a database's note of the tracking has room for. */
const MOST = 40;

export function withMark(marks: string, round: number, mark: string): string {
  const { first, list } = parse(marks);
  const follows = list.length > 0 && first + list.length === round;
  const kept = (follows ? [...list, mark] : [mark]).slice(-MOST);
  return format(round + 1 - kept.length, kept);
}

/** As they were when `round` was the last one. */
export function marksUpTo(marks: string, round: number): string {
  const { first, list } = parse(marks);
  return format(first, list.slice(0, Math.max(0, round + 1 - first)));
}

/** By round, the newest first. */
export function marksOf(marks: string): ReadonlyMap<number, string> {
  const { first, list } = parse(marks);
  return new Map(list.map((mark, at) => [first + at, mark] as const).reverse());
}

function parse(marks: string): { readonly first: number; readonly list: readonly string[] } {
  const [first = '', joined = ''] = marks.split(':');
  return { first: Number(first), list: joined.match(new RegExp(`.{${String(LENGTH)}}`, 'g')) ?? [] };
}

const format = (first: number, list: readonly string[]): string =>
  list.length === 0 ? '' : `${String(first)}:${list.join('')}`;
