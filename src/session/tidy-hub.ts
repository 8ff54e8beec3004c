import { rm, unlink } from 'node:fs/promises';
import type { Header } from '../batch/header';
import { openBatch } from '../batch/reader';
import type { Database, Table } from '../database/port';
import { heldTables } from '../merge/schema-differences';
import type { Clock } from '../shared/clock';
import { lastWrittenBefore, numbersIn, removeAside } from '../transport/batch-files';
import { inboxFolder, parseNumber, roundFolder } from '../transport/names';
import type { HubFolder, HubSite } from './hub-folder';
import type { StepHandle } from './session';
import { tidied, type Retention } from './tidy';

export interface HubTidying {
  readonly database: Database;
  readonly folder: HubFolder;
  /** Those that everything is kept for until they have had it. */
  readonly sites: readonly HubSite[];
  /** Those that nothing is kept for any more. */
  readonly retired: readonly HubSite[];
  readonly clock: Clock;
  readonly retention: Retention;
}

/** Forgets at the hub what is old and what nobody needs any more. Never rejects. */
export async function tidyHub(
  handle: StepHandle,
  tables: readonly Table[],
  tidying: HubTidying,
): Promise<void> {
  const { database, folder, clock, retention, sites, retired } = tidying;
  const before = clock.now() - retention.changes;
  await tidied(handle, async () => {
    const merged = await database.lastMerged();
    const { upTo, except } = await seenByAll(tidying, tables, merged, before);
    // Before the changes: a batch of somebody who has not seen them is known by the rounds that are gone.
    await removeRounds(folder, upTo);
    await database.purge({ upTo, except, conflictsBefore: clock.now() - retention.conflicts });
    for (const { number } of [...sites, ...retired])
      await removeReceived(folder, number, merged.get(number) ?? 0, before);
  });
}

/**
 * The last old round that nobody will speak of any more. A site has no need of a round that it had applied when it
 * captured the last batch that is merged here: what it had to ask about it is in that batch or in one before. Only what
 * concerns a table that is not the same there and here may still be asked. Whoever has sent nothing needs everything.
 */
async function seenByAll(
  { folder, sites }: HubTidying,
  tables: readonly Table[],
  merged: ReadonlyMap<number, number>,
  before: number,
): Promise<{ upTo: number; except: readonly string[] }> {
  const rounds = await folder.rounds();
  const expired = await lastWrittenBefore(rounds.slice(0, -1), (round) => folder.manifestFile(round), before);
  const except = new Set<string>();
  let upTo = expired;
  for (const { number } of sites) {
    const header = await headerOf(folder, number, merged.get(number) ?? 0);
    upTo = Math.min(upTo, header?.base ?? 0);
    for (const table of heldTables(tables, header?.fingerprints ?? {})) except.add(table);
  }
  return { upTo, except: [...except] };
}

/** Null where there is no such batch, or none that can be read. */
async function headerOf(folder: HubFolder, site: number, batch: number): Promise<Header | null> {
  if (!(await folder.received(site)).includes(batch)) return null;
  const reader = await openBatch(folder.batchFile(site, batch)).catch(() => null);
  await reader?.close();
  return reader?.header ?? null;
}

/** The manifest goes first: from then on nobody is given a part of what is being removed. */
async function removeRounds(folder: HubFolder, upTo: number): Promise<void> {
  for (const round of await numbersIn(folder.roundsFolder, parseNumber)) {
    if (round > upTo) return;
    await rm(folder.manifestFile(round), { force: true });
    await rm(roundFolder(folder.roundsFolder, round), { recursive: true, force: true });
  }
}

/** The last batch that is merged stays, for what its header says, and so does the last acknowledgement. */
async function removeReceived(
  folder: HubFolder,
  site: number,
  merged: number,
  before: number,
): Promise<void> {
  const batches = (await folder.received(site)).filter((batch) => batch < merged);
  await removeUpTo(batches, (batch) => folder.batchFile(site, batch), before);
  await removeAside(inboxFolder(folder.sitesFolder, site, 'batches'), merged, before);
  const rounds = (await folder.acknowledgements(site)).slice(0, -1);
  await removeUpTo(rounds, (round) => folder.acknowledgementFile(site, round), before);
}

async function removeUpTo(
  numbers: readonly number[],
  fileOf: (number: number) => string,
  before: number,
): Promise<void> {
  const last = await lastWrittenBefore(numbers, fileOf, before);
  for (const number of numbers) if (number <= last) await unlink(fileOf(number));
}
