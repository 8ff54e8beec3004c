/** Walking staged changes within a transaction, and what a repair replaces of the rows here. */
import type { MergeTransaction, NewJournalEntry, StagedChange } from '../database/port';

const ROWS_AT_ONCE = 500;

/**
 * Staged changes of a table that are to be written, some at a time; the `doubtful` alone: those whose row here is not,
 * byte for byte, what they say.
 */
export async function* stagedOf(
  transaction: MergeTransaction,
  table: string,
  which: 'staged' | 'doubtful' = 'staged',
): AsyncGenerator<StagedChange> {
  for (let after = 0; ;) {
    const changes = await transaction[which](table, after, ROWS_AT_ONCE);
    yield* changes;
    const last = changes.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** Puts a row into the journal that gives way to a repair; one that was missing where it now comes took nothing's place. */
export async function journalGivenWay(
  transaction: MergeTransaction,
  { table, columns, keyCount, values }: StagedChange,
  entry: Pick<NewJournalEntry, 'winner' | 'loser' | 'winningRow' | 'losingRow' | 'at' | 'site' | 'batch'>,
): Promise<void> {
  if (entry.losingRow === null) return;
  await transaction.journal({
    table,
    columns,
    keyCount,
    key: values.slice(0, keyCount),
    kind: 'repair',
    rule: 'repair',
    winnerAt: null,
    loserAt: null,
    reason: null,
    ...entry,
  });
}
