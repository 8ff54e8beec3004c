import { countChanges } from '../batch/column-block';
import type { FileSummary, Header } from '../batch/header';
import { createBatchWriter } from '../batch/writer';
import type { Database } from '../database/port';

export interface CaptureOptions {
  readonly tables: readonly string[];
  readonly signal: AbortSignal;
  readonly onChanges: (table: string, changes: number) => void;
}

/**
 * Marks a site's pending changes as the batch of `header` and writes them to `file`, fsynced, for the caller to rename.
 * Where it rejects, the file is gone and the marks may hold: `release` takes them back.
 */
export async function writeBatch(
  database: Database,
  file: string,
  header: Header,
  { tables, signal, onChanges }: CaptureOptions,
): Promise<FileSummary> {
  const writer = createBatchWriter(file, header);
  try {
    for await (const { block } of database.capture(header.number, tables)) {
      signal.throwIfAborted();
      await writer.write(block);
      onChanges(block.table, countChanges(block));
    }
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
