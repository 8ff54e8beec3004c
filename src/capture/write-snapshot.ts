import type { FileSummary } from '../batch/header';
import { createBatchWriter, type BatchWriter } from '../batch/writer';
import type { Database } from '../database/port';
import { fingerprintsOf } from '../merge/schema-differences';
import { SyncError } from '../shared/errors';

export interface SnapshotOptions {
  readonly application: string;
  /** The last round that is published. */
  readonly round: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {
    readonly table: string;
    readonly rows: { readonly done: number; readonly total: number };
    readonly bytes: number;
  }) => void;
}

/**
 * Writes all rows of the hub's database, as they are at one instant, to `file`, fsynced: what a site starts from that
 * then takes the rounds after `round`. Rejects with `snapshot.sessionFirst` where a round was marked and not published:
 * nobody knows yet what it will hold.
 */
export async function writeSnapshot(
  database: Database,
  file: string,
  { application, round, signal, onProgress }: SnapshotOptions,
): Promise<FileSummary> {
  const { tables } = await database.catalogue();
  const state = await database.state();
  if (state === null) throw new SyncError('database.notPrepared');
  if (state.lastMarked !== round) throw new SyncError('snapshot.sessionFirst');
  const merged = await database.lastMerged();
  const writerOf = (rows: number): BatchWriter =>
    createBatchWriter(file, {
      format: 1,
      application,
      kind: 'snapshot',
      origin: 0,
      number: round + 1,
      base: round,
      fingerprints: fingerprintsOf(tables),
      clockOffset: 0,
      merged: [...merged].map(([site, batch]) => ({ site, batch })),
      rows,
    });
  let writer: BatchWriter | null = null;
  let done = 0;
  try {
    for await (const { lastMarked, total, block } of database.snapshot(tables.map(({ name }) => name))) {
      signal.throwIfAborted();
      if (lastMarked !== round) throw new SyncError('snapshot.sessionFirst');
      writer ??= writerOf(total);
      await writer.write(block);
      done += block.changes.length;
      onProgress({ table: block.table, rows: { done, total }, bytes: writer.bytes });
    }
    writer ??= writerOf(0);
    return await writer.finish();
  } catch (error) {
    await writer?.abort();
    throw error;
  }
}
