import { join } from 'node:path';
import { digestFile } from '../batch/digest';
import type { Manifest } from '../batch/manifest';
import type { Database, LedgerEntry, Table } from '../database/port';
import { UNKNOWN_DIGEST } from '../merge/merge-batch';
import { replayRound } from '../merge/replay-round';
import { SyncError } from '../shared/errors';
import { batchesIn, batchFile } from '../transport/batch-files';
import { inboxFolder, roundFolder } from '../transport/names';
import type { HubFolder } from './hub-folder';
import { retryDatabase, type SessionEnvironment, type StepHandle } from './session';

interface Replay extends Pick<SessionEnvironment, 'clock' | 'signal'> {
  readonly database: Database;
  readonly folder: HubFolder;
  readonly tables: readonly Table[];
}

/**
 * The hub's database is an old copy and its published rounds are all here: applies those after `known` again, in order,
 * as far as `published`. Rejects with `session.replayLost` {round} before anything where one of them is missing.
 */
export async function replayRounds(
  handle: StepHandle,
  known: number,
  published: number,
  replay: Replay,
): Promise<void> {
  const { folder, signal } = replay;
  handle.warn('session.hub.recovering', { known, round: published });
  const manifests: Manifest[] = [];
  for (let round = known + 1; round <= published; round += 1)
    manifests.push(await readManifest(folder, round));
  for (const manifest of manifests) {
    signal.throwIfAborted();
    await replayOne(handle, manifest, replay);
  }
}

async function replayOne(handle: StepHandle, manifest: Manifest, replay: Replay): Promise<void> {
  const { database, folder, tables, clock } = replay;
  const { round, segments } = manifest;
  const merged = await newlyMerged(manifest, replay);
  let done = 0;
  const outcome = await retryDatabase(replay, handle, () => {
    done = 0;
    return replayRound(database, manifest, {
      tables,
      merged,
      now: clock.now(),
      segments: segments.map(({ origin, name }) => ({
        origin,
        file: join(roundFolder(folder.roundsFolder, round), name),
      })),
      onProgress: (changes) => {
        done += changes;
        const total = segments.reduce((sum, segment) => sum + segment.changes, 0);
        handle.progress({ done, total, unit: 'rows' });
      },
    });
  });
  handle.count({ rows: done });
  for (const [table, rows] of outcome.written) if (rows > 0) handle.countTable(table, { received: rows });
  for (const { table, kind } of outcome.conflicts)
    handle.countTable(table, kind === 'refused' ? { refused: 1 } : { conflicts: 1 });
  handle.info('session.hub.replayed', { round, rows: done });
  if (outcome.conflicts.length > 0)
    handle.warn('session.hub.replayConflicts', { round, conflicts: outcome.conflicts.length });
}

/** Batches that the round included, which the copy does not know of: never to be merged again. */
async function newlyMerged(
  { sites }: Manifest,
  { database, folder }: Replay,
): Promise<Omit<LedgerEntry, 'round'>[]> {
  const before = await database.lastMerged();
  const entries: Omit<LedgerEntry, 'round'>[] = [];
  for (const { site, batch: last, declined } of sites) {
    const inbox = inboxFolder(folder.sitesFolder, site, 'batches');
    const kept = await batchesIn(inbox);
    for (let batch = (before.get(site) ?? 0) + 1; batch <= last; batch += 1) {
      const sha256 = kept.includes(batch)
        ? (await digestFile(batchFile(inbox, batch))).sha256
        : UNKNOWN_DIGEST;
      const tables = declined.filter((line) => line.batch === batch).map(({ table }) => table);
      entries.push({ site, batch, sha256, declined: tables });
    }
  }
  return entries;
}

async function readManifest(folder: HubFolder, round: number): Promise<Manifest> {
  const manifest = await folder.manifest(round);
  if (manifest === null) throw new SyncError('session.replayLost', { params: { round } });
  return manifest;
}
