import { join } from 'node:path';
import { createBatchWriter, type BatchWriter } from '../batch/writer';
import type { Header } from '../batch/header';
import type { Manifest, Segment } from '../batch/manifest';
import type { Database, LedgerEntry } from '../database/port';
import { emptyFolder } from '../transport/batch-files';
import { renameDurable, writeFileAtomic } from '../shared/atomic-file';
import { manifestFile, roundFolder } from '../transport/names';
import type { CaptureOptions } from './write-batch';

export interface RoundOptions extends CaptureOptions {
  readonly round: number;
  /** It takes the place of all rounds after this one; left out: of none. */
  readonly since?: number;
  readonly roundsFolder: string;
  readonly application: string;
  /** What the hub's tables are made of. */
  readonly schemas: Pick<Manifest, 'fingerprints' | 'schemas'>;
  /** Every site that the manifest must speak of. */
  readonly sites: readonly number[];
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
  const writers = new Map<number, BatchWriter>();
  const temporary = (origin: number): string => join(folder, `${segmentName(origin)}.tmp`);
  try {
    for await (const { origin, block, total = null } of database.capture(options.round, options.tables)) {
      if (total !== null) totals[block.table] = total;
      options.signal.throwIfAborted();
      const writer = writers.get(origin) ?? createBatchWriter(temporary(origin), headerOf(origin, options));
      writers.set(origin, writer);
      await writer.write(block);
      options.onBlock(block);
    }
    const segments: Segment[] = [];
    for (const [origin, writer] of [...writers].sort(([a], [b]) => a - b)) {
      const { size, sha256, changes } = await writer.finish();
      const name = segmentName(origin);
      await renameDurable(temporary(origin), join(folder, name));
      segments.push({ name, origin, size, sha256, changes });
    }
    return segments;
  } catch (error) {
    for (const writer of writers.values()) await writer.abort();
    throw error;
  }
}

const segmentName = (origin: number): string => `origin-${String(origin).padStart(3, '0')}.segment`;

const headerOf = (origin: number, { round, application, schemas }: RoundOptions): Header => ({
  format: 1,
  application,
  kind: 'segment',
  origin,
  number: round,
  base: round - 1,
  fingerprints: schemas.fingerprints,
  clockOffset: 0,
});

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
