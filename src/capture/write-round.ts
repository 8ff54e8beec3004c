import { join } from 'node:path';
import type { Manifest, Segment } from '../batch/manifest';
import type { Database, LedgerEntry } from '../database/port';
import { emptyFolder } from '../transport/batch-files';
import { writeFileAtomic } from '../shared/atomic-file';
import { manifestFile, roundFolder } from '../transport/names';
import { changesIn, type PlainBatches } from './plain-batches';
import { Segments, type SegmentOptions } from './segments';
import type { CaptureOptions } from './write-batch';

export interface RoundOptions extends CaptureOptions, SegmentOptions {
  /** It takes the place of all rounds after this one; left out: of none. */
  readonly since?: number;
  readonly roundsFolder: string;
  /** Every site that the manifest must speak of. */
  readonly sites: readonly number[];
  /** What the round can take as it came. */
  readonly plain: PlainBatches;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

/**
 * Marks the hub's pending changes as a round and publishes it: one segment for each origin, then the manifest, from
 * which on the round exists and never changes. Cut short, it leaves marks that `release` takes back.
 */
export async function writeRound(database: Database, options: RoundOptions): Promise<Manifest> {
  const folder = roundFolder(options.roundsFolder, options.round);
  await emptyFolder(folder);
  const totals: Record<string, number> = {};
  const segments = await writeSegments(database, folder, options, totals);
  const ledger = await database.ledger();
  const manifest: Manifest = {
    format: 1,
    round: options.round,
    application: options.application,
    publishedAt: new Date(options.now).toISOString(),
    segments,
    ...options.schemas,
    totals,
    ...(options.since === undefined ? {} : { since: options.since }),
    sites: options.sites.map((site) => lineOf(site, ledger, options)),
  };
  await writeFileAtomic(join(folder, manifestFile), JSON.stringify(manifest, null, 1));
  return manifest;
}

async function writeSegments(
  database: Database,
  folder: string,
  options: RoundOptions,
  totals: Record<string, number>,
): Promise<Segment[]> {
  const plain = await options.plain.intact();
  const segments = new Segments(folder, options, plain);
  try {
    for await (const captured of database.capture(options.round, options.tables, changesIn(plain))) {
      const { origin, block, total = null, asTold } = captured;
      if (total !== null) totals[block.table] = total;
      options.signal.throwIfAborted();
      if (asTold === true) await segments.copy(block.table);
      else await segments.write(origin, block);
    }
    return await segments.finish();
  } catch (error) {
    await segments.abort();
    throw error;
  }
}

function lineOf(
  site: number,
  ledger: readonly LedgerEntry[],
  { round, since = round - 1 }: RoundOptions,
): Manifest['sites'][number] {
  const merged = ledger.filter((entry) => entry.site === site);
  return {
    site,
    batch: Math.max(0, ...merged.map(({ batch }) => batch)),
    declined: merged
      .filter((entry) => entry.round !== null && entry.round > since && entry.round <= round)
      .flatMap(({ batch, declined }) => declined.map((table) => ({ batch, table }))),
  };
}
