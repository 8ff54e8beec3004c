import { isDamage } from '../batch/damage';
import { openBatch } from '../batch/reader';
import type { Database } from '../database/port';
import { isAsWanted } from '../merge/decide';
import { journalGivenWay, stagedOf } from '../merge/staged';
import type { SettleOptions } from './settle-repair';

type SentOptions = Pick<SettleOptions, 'database' | 'site' | 'now'>;

/**
 * Site: rows that these batches of its own carried, and that are not so any more, go into its journal. What the disk has
 * spoilt of them is left out.
 */
export async function journalSent(files: readonly string[], options: SentOptions): Promise<void> {
  for (const file of files) {
    try {
      await stageFile(options.database, file);
    } catch (error) {
      if (isDamage(error)) continue;
      throw error;
    }
    await journalStaged(options);
  }
}

/** Lays the changes of a batch file ready for the next transaction. */
export async function stageFile(database: Database, file: string): Promise<void> {
  const reader = await openBatch(file);
  try {
    await database.stage(reader.blocks(), { clockOffset: 0 });
  } finally {
    await reader.close();
  }
}

async function journalStaged(options: SentOptions): Promise<void> {
  const { database, site, now } = options;
  const { tables } = await database.catalogue();
  await database.transaction(async (transaction) => {
    for (const { name } of tables) {
      for await (const change of stagedOf(transaction, name)) {
        if (!['I', 'U'].includes(change.op) || isAsWanted(change)) continue;
        const rows = { winningRow: change.current, losingRow: change.values };
        const entry = { winner: 0, loser: site, ...rows, at: now, site, batch: 0 };
        await journalGivenWay(transaction, change, entry);
      }
    }
  });
}
