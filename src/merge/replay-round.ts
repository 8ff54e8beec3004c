import type { Block } from '../batch/block';
import type { Manifest } from '../batch/manifest';
import { openBatch } from '../batch/reader';
import type { Database, LedgerEntry, Table, Unseen } from '../database/port';
import { SyncError } from '../shared/errors';
import { decide } from './decide';
import { applyUntilAccepted } from './apply-until-accepted';
import { Journal, settleViolation, type MergeOutcome } from './merge-batch';
import { heldTables } from './schema-differences';

export interface ReplayOptions {
  readonly tables: readonly Table[];
  /** Every segment of the round. */
  readonly segments: readonly { readonly origin: number; readonly file: string }[];
  /** Batches that the round included, for the ledger. */
  readonly merged: readonly Omit<LedgerEntry, 'round'>[];
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
  readonly onProgress?: (changes: number) => void;
}

/**
 * Applies one of the hub's own rounds again to its database, which is an old copy, in one transaction with the number
 * of the round. It is published already, so its lines are logged as such. What was written here since the copy was made
 * meets it by the usual rule, newest wins, and goes out with the next round; the other value goes into the journal.
 * Rejects with `replay.tablesDiffer` {tables} where the round cannot be written whole.
 */
export async function replayRound(
  database: Database,
  { round, fingerprints }: Manifest,
  options: ReplayOptions,
): Promise<Pick<MergeOutcome, 'written' | 'conflicts'>> {
  const spoken = new Set<string>();
  await database.stage(blocksOf(options, spoken), { clockOffset: 0 });
  const held = [...heldTables(options.tables, fingerprints)].filter((table) => spoken.has(table));
  if (held.length > 0) throw new SyncError('replay.tablesDiffer', { params: { tables: held.join(', ') } });
  const unseen: Unseen = { at: 'replay', round };
  return database.transaction(async (transaction) => {
    const journal = new Journal(transaction, { at: options.now, site: 0, batch: round });
    await transaction.recordReplayed(round, options.merged);
    for (const contested of await transaction.contested(unseen)) {
      const { settlement, conflict } = decide(contested, 0, 'newest');
      await transaction.settle(contested.change, settlement);
      if (conflict !== null) await journal.add(conflict);
    }
    await applyUntilAccepted(transaction, unseen, (violation) =>
      settleViolation(transaction, violation, 0, journal),
    );
    return { written: await transaction.written(), conflicts: journal.conflicts };
  });
}

/** Blocks of all segments, each change with the site it comes from as its base. */
async function* blocksOf(
  { segments, tables, onProgress }: ReplayOptions,
  spoken: Set<string>,
): AsyncGenerator<Block> {
  const known = new Set(tables.map(({ name }) => name));
  for (const { origin, file } of segments) {
    const reader = await openBatch(file);
    try {
      for await (const block of reader.blocks()) {
        spoken.add(block.table);
        const { clockOffset } = reader.header;
        const changes = block.changes.map((change) => ({
          ...change,
          changedAt: change.changedAt + clockOffset,
          base: origin,
        }));
        if (known.has(block.table)) yield { ...block, changes };
        onProgress?.(block.changes.length);
      }
    } finally {
      await reader.close();
    }
  }
}
