import { REPAIRED, type Block, type Value } from '../batch/block';
import { openBatch } from '../batch/reader';
import type { NotedChange } from '../database/comparison';
import { packValues } from '../database/json';
import type { Database, MergeTransaction, StagedChange, Unseen, Violation } from '../database/port';
import { isAsWanted } from '../merge/decide';
import { journalGivenWay, stagedOf } from '../merge/staged';
import { SyncError } from '../shared/errors';

export interface SettleOptions {
  readonly database: Database;
  /** Whose rows hold. */
  readonly right: 'hub' | 'site';
  /** Number of this site. */
  readonly site: number;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

export interface RepairedTable {
  readonly table: string;
  readonly repaired: number;
  /** Rows left as they are: changed meanwhile, or refused by the database. */
  readonly left: number;
}

/** Each attempt puts at least one row aside for good; this many say that something is wrong with us. */
const MAX_ATTEMPTS = 10_000;

/** Takes a file of the hub's view of some rows as right, or as wrong. Rows that the database refuses are left. */
export async function settleRepair(file: string, options: SettleOptions): Promise<readonly RepairedTable[]> {
  const refused = new Set<string>();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const totals = new Map<string, number>();
    await options.database.stage(passing(file, refused, totals), { clockOffset: 0 });
    try {
      const repaired = await settleStaged([...totals.keys()], options);
      return [...totals].map(([table, total]) => {
        const count = repaired.get(table) ?? 0;
        return { table, repaired: count, left: total - count };
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const { change } of error.violations) refused.add(rowOf(change, change.values));
    }
  }
  throw new SyncError('merge.unsettled');
}

/** Undoes the attempt, journal entries of rows that were then refused included. */
class Refused extends Error {
  constructor(readonly violations: readonly Violation[]) {
    super('rows were refused');
  }
}

async function* passing(
  file: string,
  refused: ReadonlySet<string>,
  totals: Map<string, number>,
): AsyncGenerator<Block> {
  const reader = await openBatch(file);
  try {
    for await (const block of reader.blocks()) {
      totals.set(block.table, (totals.get(block.table) ?? 0) + block.changes.length);
      yield { ...block, changes: block.changes.filter(({ values }) => !refused.has(rowOf(block, values))) };
    }
  } finally {
    await reader.close();
  }
}

const rowOf = ({ table, keyCount }: Pick<Block, 'table' | 'keyCount'>, values: readonly Value[]): string =>
  `${table} ${packValues(values.slice(0, keyCount))}`;

async function settleStaged(
  tables: readonly string[],
  options: SettleOptions,
): Promise<ReadonlyMap<string, number>> {
  const state = await options.database.state();
  const unseen: Unseen = { at: 'site', included: state?.included ?? 0 };
  return options.database.transaction(async (transaction) => {
    // What was changed since the comparison goes its usual way.
    for (const { change } of await transaction.contested(unseen))
      await transaction.settle(change, { write: false, toEveryone: false });
    const repaired = new Map<string, number>();
    for (const table of tables) repaired.set(table, await settleTable(transaction, table, options));
    if (options.right === 'site') return repaired;
    const violations = await transaction.apply(unseen);
    if (violations.length > 0) throw new Refused(violations);
    return repaired;
  });
}

/** Notes each row, and puts the one that gives way into the journal. How many there were. */
async function settleTable(
  transaction: MergeTransaction,
  table: string,
  { right, site, now }: SettleOptions,
): Promise<number> {
  let count = 0;
  for await (const change of stagedOf(transaction, table)) {
    count += 1;
    if (isAsWanted(change)) continue;
    if (right === 'site') await noteOwn(transaction, change, { at: now, base: REPAIRED });
    const atHub = change.op === 'D' ? null : change.values;
    const sides =
      right === 'hub'
        ? { winner: 0, loser: site, winningRow: atHub, losingRow: change.current }
        : { winner: site, loser: 0, winningRow: change.current, losingRow: atHub };
    await journalGivenWay(transaction, change, { ...sides, at: now, site, batch: 0 });
  }
  return count;
}

/** The row as it is here becomes a change like any other; `base` as in `Change`. */
export async function noteOwn(
  transaction: MergeTransaction,
  change: StagedChange,
  noted: Pick<NotedChange, 'at' | 'base'>,
): Promise<void> {
  const { table, columns, keyCount, current, op, marks } = change;
  const key = (current ?? change.values).slice(0, keyCount);
  if (current === null) await transaction.note({ ...noted, table, op: 'D', marks: '', key });
  else if (op === 'D')
    await transaction.note({ ...noted, table, op: 'I', marks: '1'.repeat(columns.length), key });
  else await transaction.note({ ...noted, table, op: 'U', marks, key });
}
