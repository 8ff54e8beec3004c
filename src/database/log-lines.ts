/** What the lines of a change log come to, whatever database keeps them. */
import type { Change, Operation, Value } from '../batch/block';
import type { Role } from '../report/report';
import type { Contested } from './port';
import { total } from './additive';

/** All pending lines about one key, added up. */
export interface KeyLines {
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  readonly asks: number;
  /** Of each line in turn, one after the other. */
  readonly marks: string;
  readonly changedAt: number;
  readonly base: number | null;
  readonly lowestOrigin: number;
  readonly highestOrigin: number;
  /** By additive column, what each line that changed it added to it; null: not known. */
  readonly adds: readonly (readonly Value[])[];
}

/** The change that these lines and the row as it is (null: absent) come to; null: nothing happened. */
export function changeOf(
  lines: KeyLines,
  role: Role,
  key: readonly Value[],
  row: readonly Value[] | null,
  width: number,
): { readonly origin: number; readonly change: Change } | null {
  const op = operationOf(lines, row !== null, role);
  if (op === null) return null;
  const whole = op === 'I' || op === 'U' ? row : null;
  const { lowestOrigin, highestOrigin } = lines;
  const change = {
    op,
    marks: whole === null ? '' : unionOfMarks(lines.marks, width),
    changedAt: lines.changedAt,
    base: role === 'hub' ? null : lines.base,
    values: whole ?? key,
  };
  const adds = sums(op, lines, role);
  return {
    // A line that answers one site sends the row to everyone: it is the only way to that site.
    origin: lines.asks === 0 && lowestOrigin === highestOrigin ? lowestOrigin : 0,
    change: adds === null ? change : { ...change, adds },
  };
}

/**
 * What a site's change adds. A row that was made, or deleted and made anew, has a value and no more. The hub, which
 * sees all changes, has the sums already.
 */
function sums(op: Operation, { inserts, adds }: KeyLines, role: Role): Value[] | null {
  if (role === 'hub' || op !== 'U' || inserts > 0) return null;
  const totals = adds.map(total);
  return totals.some((sum) => sum !== null) ? totals : null;
}

/** The table has the last word. */
function operationOf(
  log: Pick<KeyLines, 'inserts' | 'updates' | 'deletes' | 'asks'>,
  present: boolean,
  role: Role,
): Operation | null {
  const changed = log.inserts + log.updates > 0;
  if (present) {
    if (changed) return log.inserts > log.deletes ? 'I' : 'U';
    // At the hub, a line that asks is the hub's own: everyone must get the row as it is.
    if (log.asks > 0) return role === 'hub' ? 'U' : 'R';
    return null;
  }
  if (!changed && log.deletes === 0) return role === 'hub' ? 'D' : 'R';
  return 'D';
}

/** Marks of several log lines, one after the other, as one line's. */
export function unionOfMarks(marks: string, width: number): string {
  if (marks.length <= width) return marks.padEnd(width, '0');
  return Array.from({ length: width }, (_, column) => {
    for (let at = column; at < marks.length; at += width) if (marks[at] === '1') return '1';
    return '0';
  }).join('');
}

/** One line about a row that its author has not seen. */
export interface UnseenLine {
  readonly op: string;
  readonly marks: string;
  readonly changedAt: number;
  readonly origin: number;
  readonly sentIn: number | null;
}

/** What the lines come to, null for nothing: a row that is there is not told by deletions, which something undid. */
export function newsOf(
  lines: readonly UnseenLine[],
  present: boolean,
  width: number,
): Contested['here'] | null {
  const counted = present ? lines.filter(({ op }) => op !== 'D') : lines;
  const [first, ...others] = counted;
  if (first === undefined) return null;
  const newest = others.reduce((a, b) => (b.changedAt >= a.changedAt ? b : a), first);
  const count = (wanted: string): number => lines.filter(({ op }) => op === wanted).length;
  return {
    inserted: count('I') > count('D'),
    marks: unionOfMarks(counted.map(({ marks }) => marks).join(''), width),
    changedAt: newest.changedAt,
    origin: newest.origin,
    sentIn: counted.reduce<number | null>(
      (last, { sentIn }) => (sentIn === null ? last : Math.max(last ?? 0, sentIn)),
      null,
    ),
  };
}

/** What is assumed of a row whose lines may be gone: changed here in every column, at no known time. */
export const unknownPast = (width: number): Contested['here'] => ({
  inserted: false,
  marks: '1'.repeat(width),
  changedAt: 0,
  origin: 0,
  sentIn: null,
});

/** Joins lines by what they are about, in their order. */
export function groupLines<K>(
  rows: Iterable<{ readonly id: K; readonly line: UnseenLine }>,
): ReadonlyMap<K, readonly UnseenLine[]> {
  const groups = new Map<K, UnseenLine[]>();
  for (const { id, line } of rows) {
    const lines = groups.get(id) ?? [];
    groups.set(id, lines);
    lines.push(line);
  }
  return groups;
}
