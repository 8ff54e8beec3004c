import { unlink } from 'node:fs/promises';
import { batchesIn, batchFile, lastWrittenBefore, removeAside } from '../transport/batch-files';
import type { StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import { tidied } from './tidy';

/** Forgets at a site what is old and what the hub has answered. Never rejects. */
export async function tidySite(
  handle: StepHandle,
  {
    database,
    outbox,
    clock,
    retention,
  }: Pick<SiteSessionOptions, 'database' | 'outbox' | 'clock' | 'retention'>,
): Promise<void> {
  await tidied(handle, async () => {
    const included = (await database.state())?.included ?? 0;
    const batches = (await batchesIn(outbox)).filter((batch) => batch <= included);
    const fileOf = (batch: number): string => batchFile(outbox, batch);
    const before = clock.now() - retention.changes;
    const upTo = await lastWrittenBefore(batches, fileOf, before);
    await database.purge({ upTo, except: [], conflictsBefore: clock.now() - retention.conflicts });
    // Last: how old the changes are is known by these files.
    for (const batch of batches) if (batch <= upTo) await unlink(fileOf(batch));
    await removeAside(outbox, included, before);
  });
}
