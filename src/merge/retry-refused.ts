import type { Block, Value } from '../batch/block';
import type {
  Conflict,
  Database,
  JournalEntry,
  MergeTransaction,
  Settlement,
  StagedChange,
  Table,
  Unseen,
} from '../database/port';
import type { RefusedOutcome } from '../database/refused';
import { applyUntilAccepted } from './apply-until-accepted';
import { differences, sameRow } from './decide';
import { rowId, waitingOf } from './waiting-rows';

export interface RetryOptions {
  readonly tables: readonly Table[];
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

export interface RetryOutcome {
  /** Rows that the database takes now. */
  readonly passed: number;
  /** Rows that somebody changed here since, each a conflict in the journal. */
  readonly conflicts: readonly Conflict[];
  /** Rows that still wait. */
  readonly waiting: number;
}

/** Hub: what is tried again is the hub's own change, so that every site gets it, its author included. */
const HUB: Unseen = { at: 'hub', author: 0, base: 0 };

/**
 * Hub: tries every refused row of the journal again. It is written where the row is still as it was when it was
 * refused; a row that somebody changed since stays, and a conflict tells of both.
 */
export async function retryRefused(database: Database, options: RetryOptions): Promise<RetryOutcome> {
  const waiting = (await waitingOf(database)).filter((entry) => fits(entry, options.tables));
  let passed = 0;
  const conflicts: Conflict[] = [];
  for (const entries of oneOfEachRow(waiting.reverse())) {
    const ended = await retryThese(database, entries, options.now);
    for (const conflict of ended.values()) if (conflict !== null) conflicts.push(conflict);
    passed += [...ended.values()].filter((conflict) => conflict === null).length;
  }
  return { passed, conflicts, waiting: await database.countConflicts({ waiting: true }) };
}

/** Whether the table still has the columns of the row and no others: else nobody knows what stands in them. */
function fits({ table, columns, keyCount }: JournalEntry, tables: readonly Table[]): boolean {
  const known = tables.find(({ name }) => name === table);
  return (
    known?.tracking === 'installed' &&
    known.keyCount === keyCount &&
    known.columns.length === columns.length &&
    known.columns.every((column, at) => (at < keyCount ? columns[at] === column : columns.includes(column)))
  );
}

/** Two refused changes of one row are tried one after the other. */
function oneOfEachRow(entries: readonly JournalEntry[]): JournalEntry[][] {
  const turns: JournalEntry[][] = [];
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const row = rowId(entry.table, entry.key);
    const turn = seen.get(row) ?? 0;
    seen.set(row, turn + 1);
    (turns[turn] ??= []).push(entry);
  }
  return turns;
}

/** In one transaction with their ends. By entry that waits no more: the conflict it became, null where it passed. */
async function retryThese(
  database: Database,
  entries: readonly JournalEntry[],
  now: number,
): Promise<ReadonlyMap<number, Conflict | null>> {
  const byTable = groupByTable(entries);
  await database.stage(blocksOf(byTable), { clockOffset: 0 });
  return database.transaction(async (transaction) => {
    const ended = new Map<number, Conflict | null>();
    const tried = new Map<string, JournalEntry>();
    const end = async (
      entry: JournalEntry,
      outcome: RefusedOutcome,
      conflict: Conflict | null,
    ): Promise<void> => {
      ended.set(entry.id, conflict);
      await transaction.endRefused(entry.id, { outcome, at: now });
      if (conflict !== null) {
        await transaction.journal({ ...conflict, at: now, site: entry.site, batch: entry.batch });
      }
    };
    for (const { change, entry } of await paired(transaction, byTable)) {
      const verdict = judge(change, inOrderOf(change.columns, entry));
      if (verdict !== 'there' && verdict !== 'changed') {
        tried.set(changeId(change), entry);
        await transaction.settle(change, verdict);
        continue;
      }
      await leave(transaction, change);
      if (verdict === 'there') await end(entry, 'passed', null);
      else await end(entry, 'changed', conflictOf(change, entry));
    }
    await applyUntilAccepted(transaction, HUB, async ({ change }) => {
      tried.delete(changeId(change));
      await leave(transaction, change);
      return true;
    });
    for (const entry of tried.values()) await end(entry, 'passed', null);
    return ended;
  });
}

function groupByTable(entries: readonly JournalEntry[]): ReadonlyMap<string, readonly JournalEntry[]> {
  const groups = new Map<string, JournalEntry[]>();
  for (const entry of entries) groups.set(entry.table, [...(groups.get(entry.table) ?? []), entry]);
  return groups;
}

const leave = (transaction: MergeTransaction, change: StagedChange): Promise<void> =>
  transaction.settle(change, { write: false, toEveryone: false });

const changeId = ({ table, id }: StagedChange): string => `${table} ${String(id)}`;

async function* blocksOf(byTable: ReadonlyMap<string, readonly JournalEntry[]>): AsyncGenerator<Block> {
  for (const [table, entries] of byTable) {
    for (const { columns, keyCount, key, winningRow, losingRow, loserAt, at } of entries) {
      const changedAt = loserAt ?? at;
      const change =
        losingRow === null
          ? { op: 'D' as const, marks: '', changedAt, base: null, values: key }
          : {
              op: winningRow === null ? ('I' as const) : ('U' as const),
              marks: differences(losingRow, winningRow),
              changedAt,
              base: null,
              values: losingRow,
            };
      yield await Promise.resolve({ table, columns, keyCount, changes: [change] });
    }
  }
}

/** Changes are staged in the order of their entries, table by table. */
async function paired(
  transaction: MergeTransaction,
  byTable: ReadonlyMap<string, readonly JournalEntry[]>,
): Promise<{ readonly change: StagedChange; readonly entry: JournalEntry }[]> {
  const pairs: { readonly change: StagedChange; readonly entry: JournalEntry }[] = [];
  for (const [table, entries] of byTable) {
    for (const [at, change] of (await transaction.staged(table, 0, entries.length)).entries()) {
      const entry = entries[at];
      if (entry === undefined) throw new Error(`no entry for a staged row of ${table}`);
      pairs.push({ change, entry });
    }
  }
  return pairs;
}

/**
 * `there`: the row is already what was refused. `changed`: what was refused would undo what somebody wrote here since.
 * Other columns changed since are kept.
 */
function judge({ current, columns }: StagedChange, { winningRow, losingRow }: Rows): Verdict {
  if (isSame(losingRow, current)) return 'there';
  const marks = losingRow === null ? '' : differences(losingRow, winningRow);
  if (isSame(winningRow, current)) return { write: true, toEveryone: false, marks };
  if (winningRow === null || losingRow === null || current === null) return 'changed';
  const since = differences(current, winningRow);
  const values = columns.map((_, at) => (marks[at] === '1' ? losingRow[at] : current[at]) ?? null);
  const both = columns.some((_, at) => marks[at] === '1' && since[at] === '1');
  return both ? 'changed' : { write: true, toEveryone: false, marks, values };
}

type Verdict = 'there' | 'changed' | Settlement;
type Rows = Pick<JournalEntry, 'winningRow' | 'losingRow'>;

const isSame = (a: readonly Value[] | null, b: readonly Value[] | null): boolean =>
  a === null || b === null ? a === b : sameRow(a, b);

/** The rows of an entry in the order that the table has now. */
function inOrderOf(columns: readonly string[], entry: JournalEntry): Rows {
  const reordered = (row: readonly Value[] | null): readonly Value[] | null =>
    row === null ? null : columns.map((column) => row[entry.columns.indexOf(column)] ?? null);
  return { winningRow: reordered(entry.winningRow), losingRow: reordered(entry.losingRow) };
}

/** The row here is the newer one: whoever changed it knew that the other was refused, or never heard of it. */
function conflictOf({ columns, current }: StagedChange, entry: JournalEntry): Conflict {
  const { table, keyCount, key, loser, loserAt } = entry;
  return {
    table,
    columns,
    keyCount,
    key,
    kind: kindOf(entry, current),
    rule: 'newest',
    winner: 0,
    loser,
    winningRow: current,
    losingRow: inOrderOf(columns, entry).losingRow,
    winnerAt: null,
    loserAt,
    reason: null,
  };
}

function kindOf({ winningRow, losingRow }: JournalEntry, current: readonly Value[] | null): Conflict['kind'] {
  if (current === null) return 'updateDeleted';
  if (losingRow === null) return 'deleteUpdated';
  return winningRow === null ? 'insert' : 'update';
}
