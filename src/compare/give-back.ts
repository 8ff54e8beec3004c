import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MergeTransaction, TrackingState } from '../database/port';
import { isAsWanted } from '../merge/decide';
import { stagedOf } from '../merge/staged';
import { stageFile } from './journal-sent';
import { writeHubRows, type RepairOptions } from './repair';
import { noteOwn } from './settle-repair';

export interface GiveBackOptions extends Omit<RepairOptions, 'right' | 'rows' | 'table'> {
  /** What batches after `since` carried, as far as `lastMarked`, goes out anew, for the hub has lost them. */
  readonly batches: { readonly since: number; readonly lastMarked: number };
  /** What this site's standing is from then on. */
  readonly standing: Partial<TrackingState>;
  /** Once all is read, before anything is written. */
  readonly onRead: () => Promise<void>;
  /** When what it knows was written, milliseconds since 1970, UTC. */
  readonly at: number;
}

/**
 * Site of a hub that was restored from an old copy: every row that the two have in different ways, and what this site
 * sent since, becomes a change of this site, in one transaction with its new standing. Resolves to the number of rows.
 */
export async function giveBack(options: GiveBackOptions): Promise<number> {
  const { database, folder, standing, at, batches, onRead } = options;
  const file = join(folder, 'give-back.batch');
  await mkdir(folder, { recursive: true });
  try {
    const compared = await writeHubRows(file, { ...options, table: null, rows: null, hubRestored: true });
    const { tables } = await database.catalogue();
    await stageFile(database, file);
    await onRead();
    return await database.transaction(async (transaction) => {
      for (let batch = batches.since + 1; batch <= batches.lastMarked; batch += 1)
        for (const { name } of tables) await transaction.takeBack(name, batch);
      // What another site gives back may hold them already.
      await transaction.forgetSums();
      let rows = 0;
      for (const { table } of compared) rows += await noteTable(transaction, table, at);
      await transaction.recordNumbers(standing);
      return rows;
    });
  } finally {
    await rm(file, { force: true });
  }
}

async function noteTable(transaction: MergeTransaction, table: string, at: number): Promise<number> {
  let noted = 0;
  for await (const change of stagedOf(transaction, table)) {
    if (isAsWanted(change)) continue;
    await noteOwn(transaction, change, { at });
    noted += 1;
  }
  return noted;
}
