import type { Block } from '../batch/block';
import { openBatch, type BatchReader } from '../batch/reader';
import type { Database } from '../database/port';
import { NO_NUMBERS } from '../database/tracking-numbers';
import { SyncError } from '../shared/errors';
import { heldTables } from './schema-differences';

export interface LoadOptions {
  /** This site's number; null: it is not paired yet. */
  readonly site: number | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {
    readonly table: string;
    readonly rows: { readonly done: number; readonly total: number | null };
  }) => void;
}

/**
 * Fills a site's empty database with the rows of a snapshot, in one transaction with its position: ordinary sessions go
 * on from there. Resolves to the round. Rejects with `snapshot.notOne`, `snapshot.notEmpty` {tables},
 * `snapshot.tablesDiffer` {tables}, `snapshot.refused` {table, reason}, or what a broken file gives: nothing is
 * changed then.
 */
export async function loadSnapshot(database: Database, file: string, options: LoadOptions): Promise<number> {
  const reader = await openBatch(file);
  try {
    return await load(database, reader, options);
  } finally {
    await reader.close();
  }
}

async function load(database: Database, reader: BatchReader, options: LoadOptions): Promise<number> {
  const { site, signal } = options;
  const { kind, base, fingerprints, merged = [] } = reader.header;
  if (kind !== 'snapshot') throw new SyncError('snapshot.notOne');
  const { tables } = await database.catalogue();
  const state = await database.state();
  if (state?.role !== 'site') throw new SyncError('database.notPrepared');
  refuseIfAny('notEmpty', await database.occupied());
  refuseIfAny('tablesDiffer', [...heldTables(tables, fingerprints)]);
  await database.stage(counted(reader, options), { clockOffset: 0 });
  const known = merged.find((line) => line.site === site)?.batch ?? 0;
  await database.transaction(async (transaction) => {
    await transaction.forgetChanges();
    const [violation] = await transaction.apply({ at: 'site', included: 0 });
    if (violation !== undefined) {
      const reason = violation.kind === 'refused' ? violation.reason : 'foreignKey';
      throw new SyncError('snapshot.refused', { params: { table: violation.change.table, reason } });
    }
    signal.throwIfAborted();
    const lastMarked = Math.max(state.lastMarked, known);
    await transaction.recordNumbers({ ...NO_NUMBERS, position: base, lastMarked, included: known });
  });
  return base;
}

function refuseIfAny(reason: string, tables: readonly string[]): void {
  if (tables.length > 0) throw new SyncError(`snapshot.${reason}`, { params: { tables: tables.join(', ') } });
}

async function* counted(reader: BatchReader, { signal, onProgress }: LoadOptions): AsyncGenerator<Block> {
  const total = reader.header.rows ?? null;
  let done = 0;
  for await (const block of reader.blocks()) {
    signal.throwIfAborted();
    yield block;
    done += block.changes.length;
    onProgress({ table: block.table, rows: { done, total } });
  }
}
