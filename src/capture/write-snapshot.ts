import type { FileSummary } from '../batch/header';
import { createBatchWriter } from '../batch/writer';
import type { Database } from '../database/port';
import { fingerprintsOf } from '../merge/schema-differences';
import { SyncError } from '../shared/errors';

export interface SnapshotOptions {
  readonly application: string;
  /** The last round that is published. */
  readonly round: number;
  readonly signal: AbortSignal;
  readonly onRows: (rows: number) => void;
}

/**
 * Writes all rows of the hub's database, as they are at one instant, to `file`, fsynced: what a site starts from that
 * then takes the rounds after `round`. Rejects with `snapshot.sessionFirst` where a round was marked and not published:
 * nobody knows yet what it will hold.
 */
export async function writeSnapshot(
  database: Database,
  file: string,
  { application, round, signal, onRows }: SnapshotOptions,
): Promise<FileSummary> {
  const { tables } = await database.catalogue();
  const state = await database.state();
  if (state === null) throw new SyncError('database.notPrepared');
  if (state.lastMarked !== round) throw new SyncError('snapshot.sessionFirst');
  const merged = new Map((await database.ledger()).map(({ site, batch }) => [site, batch]));
  const writer = createBatchWriter(file, {
    format: 1,
    application,
    kind: 'snapshot',
    origin: 0,
    number: round + 1,
    base: round,
    fingerprints: fingerprintsOf(tables),
    clockOffset: 0,
    merged: [...merged].map(([site, batch]) => ({ site, batch })),
  });
  try {
    for await (const { lastMarked, block } of database.snapshot(tables.map(({ name }) => name))) {
      signal.throwIfAborted();
      if (lastMarked !== round) throw new SyncError('snapshot.sessionFirst');
      await writer.write(block);
      onRows(block.changes.length);
    }
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
