import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Value } from '../../../src/batch/block';
import type { Contested, Policy } from '../../../src/database/port';
import { decide, type Decision } from '../../../src/merge/decide';

const POLICIES: readonly Policy[] = ['newest', 'hub', 'site'];
const AUTHOR = 2;

interface Case {
  op?: Contested['change']['op'];
  /** What the change adds to each column. */
  adds?: readonly Value[];
  /** The row as it was deleted. */
  removed?: readonly Value[];
  /** What came; for a deletion its key. */
  values?: readonly Value[];
  marks?: string;
  changedAt?: number;
  /** What is in the hub's database. */
  current?: readonly Value[] | null;
  here?: Partial<Contested['here']>;
}

function contested({
  op = 'U',
  values = [1n, 'Ann', 'Lyon'],
  marks = '010',
  changedAt = 100,
  ...rest
}: Case): Contested {
  return {
    change: {
      id: 1,
      table: 'person',
      columns: ['id', 'name', 'city'],
      keyCount: 1,
      op,
      marks: op === 'D' ? '' : marks,
      changedAt,
      values: op === 'D' ? values.slice(0, 1) : values,
      current: rest.current === undefined ? [1n, 'Anne', 'Paris'] : rest.current,
      ...(rest.adds === undefined ? {} : { adds: rest.adds }),
    },
    ...(rest.removed === undefined ? {} : { removed: rest.removed }),
    here: { inserted: false, marks: '001', changedAt: 50, origin: 0, sentIn: null, ...rest.here },
  };
}

/** What becomes of the row: the one that is written, or the word for why none is. */
function outcome({ settlement }: Decision, { change }: Contested): unknown {
  if (settlement.write) return settlement.values ?? change.values;
  return settlement.toEveryone ? 'kept, and sent back' : 'nothing to do';
}

const decided = (given: Case, policy: Policy = 'newest'): { outcome: unknown; decision: Decision } => {
  const meeting = contested(given);
  const decision = decide(meeting, AUTHOR, policy);
  return { outcome: outcome(decision, meeting), decision };
};

describe('an update meets an update of other columns', () => {
  test.each(POLICIES)('both are kept, whatever the policy: %s', (policy) => {
    const { outcome: row, decision } = decided({}, policy);
    expect(row).toEqual([1n, 'Ann', 'Paris']);
    expect(decision.conflict).toBeNull();
    expect(decision.settlement).toMatchObject({ toEveryone: true, marks: '010' });
  });

  test('of a common column too, but to the same value: both are kept', () => {
    const { outcome: row, decision } = decided({
      values: [1n, 'Ann', 'Paris'],
      marks: '011',
      here: { marks: '001' },
    });
    expect(row).toEqual([1n, 'Ann', 'Paris']);
    expect(decision.conflict).toBeNull();
    expect(decision.settlement.marks).toBe('010');
  });
});

describe('an update of a column that adds up', () => {
  const sold = { values: [1n, 'Anne', 7n], marks: '001', current: [1n, 'Anne', 8n], adds: [null, null, -3n] };
  const both = { ...sold, here: { marks: '001' } };

  test.each(POLICIES)('is counted on top of what others did, whatever the policy: %s', (policy) => {
    const { outcome: row, decision } = decided(both, policy);
    expect(row).toEqual([1n, 'Anne', 5n]);
    expect(decision).toMatchObject({ conflict: null, settlement: { toEveryone: true, marks: '001' } });
  });

  test('is counted where both come to the same value', () => {
    const { outcome: row } = decided({ ...both, current: [1n, 'Anne', 7n] });
    expect(row).toEqual([1n, 'Anne', 4n]);
  });

  test('is counted where the rest of the row is won by what is here, and where it is lost', () => {
    const dispute = { ...both, values: [1n, 'Ann', 7n], marks: '011', here: { marks: '011' } };
    const kept = decided(dispute, 'hub');
    expect(kept.outcome).toEqual([1n, 'Anne', 5n]);
    expect(kept.decision.settlement).toMatchObject({ toEveryone: true, marks: '001' });
    const lost = decided(dispute, 'site');
    expect(lost.outcome).toEqual([1n, 'Ann', 5n]);
    expect(lost.decision.conflict).toMatchObject({
      added: ['city'],
      winningRow: [1n, 'Ann', 5n],
      losingRow: [1n, 'Anne', 5n],
    });
  });

  test('keeps the sum where its author disputes another column only', () => {
    const { outcome: row } = decided(
      { ...both, values: [1n, 'Ann', 10n], marks: '010', adds: [null, null, 0n], here: { marks: '011' } },
      'site',
    );
    expect(row).toEqual([1n, 'Ann', 8n]);
  });

  test('of nothing on the whole leaves the row, and its author hears so', () => {
    const { outcome: row } = decided({ ...both, values: [1n, 'Anne', 10n], adds: [null, null, 0n] });
    expect(row).toBe('kept, and sent back');
  });

  test('counts on what a deleted row had, and else brings back its own value', () => {
    const gone = { ...sold, current: null };
    expect(decided({ ...gone, removed: [1n, 'Anne', 8n] }).outcome).toEqual([1n, 'Anne', 5n]);
    expect(decided(gone).outcome).toEqual([1n, 'Anne', 7n]);
  });

  test.each<[string, readonly Value[], Value]>([
    ['empty here', [1n, 'Anne', null], -3n],
    ['of an unknown share', [1n, 'Anne', 8n], null],
    ['no number', [1n, 'Anne', 'eight'], -3n],
    ['too large a sum', [1n, 'Anne', 2n ** 63n - 1n], 1n],
  ])('is a conflict like any other: %s', (_, current, add) => {
    const { decision } = decided({ ...both, current, adds: [null, null, add] }, 'site');
    expect(decision.conflict).toMatchObject({ kind: 'update', losingRow: current });
    expect(decision.conflict).not.toHaveProperty('added');
  });
});

describe('an update meets an update of a column in common', () => {
  const both = { values: [1n, 'Ann', 'Lyon'], marks: '010', here: { marks: '010' } };

  test.each<{
    policy: Policy;
    at: number;
    here: number;
    origin: number;
    wins: 'incoming' | 'here';
    rule: Policy;
  }>([
    { policy: 'newest', at: 100, here: 50, origin: 0, wins: 'incoming', rule: 'newest' },
    { policy: 'newest', at: 50, here: 100, origin: 0, wins: 'here', rule: 'newest' },
    { policy: 'newest', at: 70, here: 70, origin: 0, wins: 'here', rule: 'newest' },
    { policy: 'hub', at: 100, here: 50, origin: 0, wins: 'here', rule: 'hub' },
    { policy: 'site', at: 50, here: 100, origin: 0, wins: 'incoming', rule: 'site' },
    // Between two sites there is no hub's and no site's side: the newest wins.
    { policy: 'hub', at: 100, here: 50, origin: 7, wins: 'incoming', rule: 'newest' },
    { policy: 'site', at: 50, here: 100, origin: 7, wins: 'here', rule: 'newest' },
    { policy: 'site', at: 70, here: 70, origin: 7, wins: 'here', rule: 'newest' },
  ])(
    '$policy, theirs at $at and ours at $here by $origin: $wins',
    ({ policy, at, here, origin, wins, rule }) => {
      const { outcome: row, decision } = decided(
        { ...both, changedAt: at, here: { marks: '010', changedAt: here, origin } },
        policy,
      );
      const incoming = { site: AUTHOR, row: [1n, 'Ann', 'Lyon'], at };
      const present = { site: origin, row: [1n, 'Anne', 'Paris'], at: here };
      const [winner, loser] = wins === 'here' ? [present, incoming] : [incoming, present];
      expect(row).toEqual(wins === 'here' ? 'kept, and sent back' : incoming.row);
      expect(decision.settlement.toEveryone).toBe(true);
      expect(decision.conflict).toEqual({
        table: 'person',
        columns: ['id', 'name', 'city'],
        keyCount: 1,
        key: [1n],
        kind: 'update',
        rule,
        winner: winner.site,
        loser: loser.site,
        winningRow: winner.row,
        losingRow: loser.row,
        winnerAt: winner.at,
        loserAt: loser.at,
        reason: null,
      });
    },
  );

  test('a row that wins is marked where it differs from the one it replaces, also where its author changed nothing', () => {
    expect(decided(both).decision.settlement.marks).toBe('011');
  });

  test.each<[string, Value, Value]>([
    ['an empty text and none', '', null],
    ['1 and 1.0', 1n, 1],
    ['1 and its text', 1n, '1'],
    ['bytes and their text', new Uint8Array([49]), '1'],
    ['0 and nothing', 0n, null],
  ])('%s are different values', (_, theirs, ours) => {
    const { decision } = decided({
      values: [1n, theirs, 'Paris'],
      marks: '010',
      current: [1n, ours, 'Paris'],
      here: { marks: '010' },
    });
    expect(decision.conflict?.kind).toBe('update');
  });

  test('equal bytes are equal values', () => {
    const { outcome: row } = decided({
      values: [1n, new Uint8Array([1, 2]), 'Paris'],
      current: [1n, new Uint8Array([1, 2]), 'Paris'],
      here: { marks: '010' },
    });
    expect(row).toBe('nothing to do');
  });
});

describe('an insertion meets an insertion of the same key', () => {
  test('with the same values: nothing to do', () => {
    const { outcome: row, decision } = decided({
      op: 'I',
      values: [1n, 'Anne', 'Paris'],
      marks: '111',
      here: { inserted: true, marks: '111' },
    });
    expect(row).toBe('nothing to do');
    expect(decision.conflict).toBeNull();
  });

  test.each(POLICIES)('with other values: a collision, by the policy %s', (policy) => {
    const { outcome: row, decision } = decided(
      { op: 'I', marks: '111', here: { inserted: true, marks: '111' } },
      policy,
    );
    expect(decision.conflict).toMatchObject({ kind: 'insert', rule: policy });
    expect(row).toEqual(policy === 'hub' ? 'kept, and sent back' : [1n, 'Ann', 'Lyon']);
  });

  test('even where the columns that differ were not marked here', () => {
    const { decision } = decided({ op: 'I', marks: '111', here: { inserted: true, marks: '000' } });
    expect(decision.conflict?.kind).toBe('insert');
  });
});

describe('an update or insertion meets a deletion', () => {
  test.each(
    POLICIES.flatMap((policy) => [
      { policy, op: 'U' as const },
      { policy, op: 'I' as const },
    ]),
  )('the row comes back: $op, $policy', ({ policy, op }) => {
    const { outcome: row, decision } = decided(
      { op, current: null, here: { marks: '', changedAt: 999 } },
      policy,
    );
    expect(row).toEqual([1n, 'Ann', 'Lyon']);
    expect(decision.settlement).toMatchObject({ toEveryone: true, marks: '111' });
    expect(decision.conflict).toMatchObject({
      kind: 'updateDeleted',
      rule: 'dataWins',
      winner: AUTHOR,
      loser: 0,
      winningRow: [1n, 'Ann', 'Lyon'],
      losingRow: null,
      winnerAt: 100,
      loserAt: 999,
    });
  });
});

describe('a deletion', () => {
  test.each(POLICIES)('meets an update: the row stays and is sent back (%s)', (policy) => {
    const { outcome: row, decision } = decided({ op: 'D' }, policy);
    expect(row).toBe('kept, and sent back');
    expect(decision.conflict).toMatchObject({
      kind: 'deleteUpdated',
      rule: 'dataWins',
      winner: 0,
      loser: AUTHOR,
      key: [1n],
      winningRow: [1n, 'Anne', 'Paris'],
      losingRow: null,
    });
  });

  test('meets a deletion: nothing to do', () => {
    const { outcome: row, decision } = decided({ op: 'D', current: null });
    expect(row).toBe('nothing to do');
    expect(decision.conflict).toBeNull();
  });
});

const value = fc.oneof(
  fc.constant(null),
  fc.bigInt(),
  fc.double(),
  fc.string(),
  fc.uint8Array({ maxLength: 3 }),
);
const bit = fc.constantFrom('0', '1');
const anyCase = fc.integer({ min: 1, max: 6 }).chain((others) =>
  fc.record({
    base: fc.array(value, { minLength: others, maxLength: others }),
    theirs: fc.array(fc.tuple(bit, value), { minLength: others, maxLength: others }),
    ours: fc.array(fc.tuple(bit, value), { minLength: others, maxLength: others }),
    at: fc.nat(10),
    here: fc.nat(10),
    origin: fc.constantFrom(0, 1, 3),
    policy: fc.constantFrom(...POLICIES),
  }),
);
type AnyCase = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;

function meeting({ base, theirs, ours, at, here, origin }: AnyCase): Contested {
  const applied = (changes: readonly (readonly [string, Value])[]): Value[] => [
    1n,
    ...base.map((old, index) => (changes[index]?.[0] === '1' ? changes[index][1] : old)),
  ];
  const marksOf = (changes: readonly (readonly [string, Value])[]): string =>
    `0${changes.map(([mark]) => mark).join('')}`;
  return {
    change: {
      id: 1,
      table: 't',
      columns: ['id', ...base.map((_, index) => `c${String(index)}`)],
      keyCount: 1,
      op: 'U',
      marks: marksOf(theirs),
      changedAt: at,
      values: applied(theirs),
      current: applied(ours),
    },
    here: { inserted: false, marks: marksOf(ours), changedAt: here, origin, sentIn: null },
  };
}

describe('for any two updates of one row', () => {
  test('each value that was written is in the resulting row, or its whole row is in the journal', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const both = meeting(given);
        const { settlement, conflict } = decide(both, AUTHOR, given.policy);
        const row = settlement.write
          ? (settlement.values ?? both.change.values)
          : (both.change.current ?? []);
        const check = (marks: string, written: readonly Value[]): void => {
          written.forEach((wrote, at) => {
            if (marks[at] === '1' && !conflict) expect(row[at]).toEqual(wrote);
          });
          if (conflict !== null) expect([conflict.winningRow, conflict.losingRow]).toContainEqual(written);
        };
        check(both.change.marks, both.change.values);
        check(both.here.marks, both.change.current ?? []);
      }),
    );
  });

  test('disjoint columns never conflict, and nobody else’s column is touched', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const ours = given.ours.map(
          ([mark, wrote], at) => [given.theirs[at]?.[0] === '1' ? '0' : mark, wrote] as const,
        );
        const both = meeting({ ...given, ours: ours.map(([mark, wrote]) => [mark, wrote]) });
        const { settlement, conflict } = decide(both, AUTHOR, given.policy);
        expect(conflict).toBeNull();
        const row = settlement.write ? (settlement.values ?? both.change.values) : both.change.current;
        expect(row).toEqual(
          both.change.values.map((wrote, at) =>
            both.change.marks[at] === '1' ? wrote : both.change.current?.[at],
          ),
        );
      }),
    );
  });

  test('by the newest, the row that wins does not depend on which of them came first', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        fc.pre(given.at !== given.here);
        const one = meeting(given);
        const other = meeting({
          ...given,
          theirs: given.ours,
          ours: given.theirs,
          at: given.here,
          here: given.at,
        });
        const results = [one, other].map((both) => {
          const { settlement } = decide(both, AUTHOR, 'newest');
          return settlement.write ? (settlement.values ?? both.change.values) : both.change.current;
        });
        expect(results[0]).toEqual(results[1]);
      }),
    );
  });
});
