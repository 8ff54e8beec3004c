import type { Conflict, ConflictRule, Contested, Policy, Settlement, StagedChange } from '../database/port';
import type { Value } from '../batch/block';
import { plus } from '../database/additive';

/** What becomes of a contested change at the hub, and what must be written about it. */
export interface Decision {
  readonly settlement: Settlement;
  /** Null where no value was put aside. */
  readonly conflict: Conflict | null;
}

/** The row stays, and its author must hear so. */
const KEEP: Settlement = { write: false, toEveryone: true };
const NOTHING: Settlement = { write: false, toEveryone: false };

/** What meets, with the sums of additive columns in both rows: these columns are then no matter of dispute. */
interface Counted extends Contested {
  /** The row as it is here. */
  readonly before: readonly Value[] | null;
  /** Columns that hold a sum. */
  readonly added: readonly string[];
}

/**
 * The rule of the synchronisation, pure: a change from `author` meets changes that its author has not seen.
 * Only the hub decides; a site leaves its own unseen rows alone and gets the hub's word in a later round.
 */
export function decide(met: Contested, author: number, policy: Policy): Decision {
  if (met.change.op === 'D') return decideDeletion(met, author);
  const contested = withSums(met);
  const { change } = contested;
  if (change.current === null) return comeBack(contested, author);
  if (isAsWanted(change))
    return {
      settlement: isAsWanted(met.change) ? stay(contested, NOTHING) : stay(contested),
      conflict: null,
    };
  if (change.op === 'I' && contested.here.inserted)
    return decideByPolicy(contested, author, policy, 'insert');
  if (overlap(contested)) return decideByPolicy(contested, author, policy, 'update');
  return { settlement: mergeColumns(contested), conflict: null };
}

/** Whether the change would leave the row as it is. */
export const isAsWanted = ({ op, values, current }: StagedChange): boolean =>
  op === 'D' ? current === null : current !== null && sameRow(values, current);

/**
 * What the author added to a column counts beside what others did to it: the sum is what stands here and what came on
 * top. A row that was deleted here had a value too. Where either is unknown or no number, or the sum is too large, the
 * column is one like the others.
 */
function withSums(met: Contested): Counted {
  const { change, removed } = met;
  const before = change.current;
  const base = before ?? removed ?? null;
  const sums = change.columns.map((_, at) => plus(base?.[at] ?? null, change.adds?.[at] ?? null));
  const put = (row: readonly Value[]): readonly Value[] => row.map((value, at) => sums[at] ?? value);
  return {
    ...met,
    change: { ...change, values: put(change.values), current: before === null ? null : put(before) },
    before,
    added: change.columns.filter((_, at) => (sums[at] ?? null) !== null),
  };
}

/** The row stays but for its sums. */
function stay({ change, before }: Counted, otherwise = KEEP): Settlement {
  const values = change.current ?? [];
  const marks = differences(values, before);
  return marks.includes('1') ? { write: true, toEveryone: true, values, marks } : otherwise;
}

function decideDeletion(contested: Contested, author: number): Decision {
  if (isAsWanted(contested.change)) return { settlement: NOTHING, conflict: null };
  return {
    settlement: KEEP,
    conflict: describe({ ...contested, added: [] }, 'deleteUpdated', 'dataWins', { here: true, author }),
  };
}

function comeBack(contested: Counted, author: number): Decision {
  const marks = '1'.repeat(contested.change.columns.length);
  return {
    settlement: { write: true, toEveryone: true, marks, ...summed(contested) },
    conflict: describe(contested, 'updateDeleted', 'dataWins', { here: false, author }),
  };
}

/** The row to write in place of the one that came, where it holds sums. */
const summed = ({ change, added }: Counted): Pick<Settlement, 'values'> =>
  added.length === 0 ? {} : { values: change.values };

/** Whether both changed a column, and not to the same value. */
function overlap({ change, here }: Contested): boolean {
  return change.columns.some(
    (_, at) =>
      isMarked(change.marks, at) &&
      isMarked(here.marks, at) &&
      !sameValue(change.values[at] ?? null, change.current?.[at] ?? null),
  );
}

function mergeColumns({ change, before }: Counted): Settlement {
  const values = change.values.map((value, at) =>
    isMarked(change.marks, at) ? value : (change.current?.[at] ?? null),
  );
  return { write: true, toEveryone: true, values, marks: differences(values, before) };
}

function decideByPolicy(
  contested: Counted,
  author: number,
  policy: Policy,
  kind: 'insert' | 'update',
): Decision {
  const { change, here, before } = contested;
  // Hub and site are sides of a conflict between them; two sites are equals.
  const rule: Policy = policy !== 'newest' && here.origin === 0 ? policy : 'newest';
  const hereWins = rule === 'hub' || (rule === 'newest' && here.changedAt >= change.changedAt);
  return {
    settlement: hereWins
      ? stay(contested)
      : {
          write: true,
          toEveryone: true,
          marks: differences(change.values, before),
          ...summed(contested),
        },
    conflict: describe(contested, kind, rule, { here: hereWins, author }),
  };
}

function describe(
  { change, here, added }: Pick<Counted, 'change' | 'here' | 'added'>,
  kind: Conflict['kind'],
  rule: ConflictRule,
  won: { here: boolean; author: number },
): Conflict {
  const incoming = { site: won.author, row: change.op === 'D' ? null : change.values, at: change.changedAt };
  // A line at no known time bears 0.
  const present = {
    site: here.origin,
    row: change.current,
    at: here.changedAt === 0 ? null : here.changedAt,
  };
  const [winner, loser] = won.here ? [present, incoming] : [incoming, present];
  return {
    table: change.table,
    columns: change.columns,
    keyCount: change.keyCount,
    key: change.values.slice(0, change.keyCount),
    kind,
    rule,
    winner: winner.site,
    loser: loser.site,
    winningRow: winner.row,
    losingRow: loser.row,
    ...(added.length === 0 ? {} : { added }),
    winnerAt: winner.at,
    loserAt: loser.at,
    reason: null,
  };
}

const isMarked = (marks: string, at: number): boolean => marks[at] === '1';

/** Marks of the columns in which two rows differ; all where there is no other row. */
export const differences = (row: readonly Value[], before: readonly Value[] | null): string =>
  row.map((value, at) => (sameValue(value, before?.[at] ?? null) ? '0' : '1')).join('');

export const sameRow = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((value, at) => sameValue(value, b[at] ?? null));

export function sameValue(a: Value, b: Value): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return Object.is(a, b);
}
