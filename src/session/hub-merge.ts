import { isDamage } from '../batch/damage';
import { digestFile } from '../batch/digest';
import { openBatch } from '../batch/reader';
import type { PlainBatches } from '../capture/plain-batches';
import type { Database } from '../database/port';
import { mergeBatch, type MergeOutcome, type Policies } from '../merge/merge-batch';
import type { Clock } from '../shared/clock';
import { SyncError } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import type { HubFolder, HubSite } from './hub-folder';
import { retryDatabase, type StepHandle } from './session';
import { countSiteTable, siteLine } from './site-lines';
import type { Tracked } from './tracking';

interface MergeContext {
  readonly database: Database;
  readonly folder: HubFolder;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tracked: Tracked;
  /** The oldest round that a batch may go on from. */
  readonly reach: number;
  readonly onChanged: () => Promise<void>;
  /** What was merged and not altered, for the round. */
  readonly plain: PlainBatches;
}

/**
 * Merges what a site has delivered after the batch `merged`, in order. False where it has to wait: a batch that cannot
 * be merged stops its own site's changes, not the others'.
 */
export async function mergeDelivered(
  handle: StepHandle,
  site: HubSite,
  merged: number,
  context: MergeContext,
): Promise<boolean> {
  let next = merged + 1;
  for (const batch of await context.folder.received(site.number)) {
    if (batch < next) continue;
    if (batch > next) {
      await context.folder.putAside(site.number, next);
      handle.partial('session.hub.batchMissing', { site: site.name, batch: next });
      return false;
    }
    context.signal.throwIfAborted();
    if (!(await mergeOne(handle, site, batch, context))) return false;
    await context.onChanged();
    next += 1;
  }
  return true;
}

/**
 * One that nobody can read any more is put aside, and its site sends it again. That is no breach of 'a named batch never
 * changes', even if the site has to capture it anew: nobody has read this one, nor any behind it, and nobody will.
 */
async function mergeOne(
  handle: StepHandle,
  site: HubSite,
  batch: number,
  context: MergeContext,
): Promise<boolean> {
  const merge = (): Promise<void> => mergeReceived(handle, site, batch, context);
  try {
    await merge().catch((error: unknown) => {
      if (!isDamage(error)) throw error;
      // A disk may give at the second try what it did not give at the first.
      return merge();
    });
    return true;
  } catch (error) {
    if (isDamage(error)) {
      const file = await context.folder.putAside(site.number, batch);
      handle.partial('session.hub.unreadable', { site: site.name, batch, file });
      return false;
    }
    context.signal.throwIfAborted();
    const { code, params } = toSyncError(error);
    const key = KEPT[code];
    if (key === undefined) throw error;
    const { detail = params['reason'] } = params;
    handle.partial(key, { site: site.name, batch, ...(detail === undefined ? {} : { detail }) });
    return false;
  }
}

/**
 * What stays where it is: sent again it would be the same. So does what nobody thought of, for a site that is not what it
 * should be must not keep the others from their synchronisation.
 */
const KEPT: Readonly<Record<string, string>> = {
  'batch.tooOld': 'session.hub.batchTooOld',
  'batch.foreign': 'session.hub.batchForeign',
  'batch.version': 'session.hub.batchVersion',
  'batch.unsound': 'session.hub.batchUnsound',
  'database.refused': 'session.hub.batchFailed',
  unexpected: 'session.hub.batchFailed',
};

/** Merges one received batch and tells what came of it. */
async function mergeReceived(
  handle: StepHandle,
  site: HubSite,
  batch: number,
  { database, folder, policies, clock, signal, tracked, reach, plain }: MergeContext,
): Promise<void> {
  const file = folder.batchFile(site.number, batch);
  const { sha256, size } = await digestFile(file);
  const reader = await openBatch(file);
  try {
    const { kind, origin, number, base, clockOffset } = reader.header;
    const own = kind === 'batch' && origin === site.number && number === batch;
    if (!own || base > tracked.state.lastMarked) {
      throw new SyncError('batch.foreign', { params: { site: site.name, batch } });
    }
    // What was changed here since is forgotten: the batch would overwrite values that its author has not seen.
    if (base < reach) {
      throw new SyncError('batch.tooOld', { params: { site: site.name, batch } });
    }
    let done = 0;
    const outcome = await retryDatabase({ clock, signal }, handle, () => {
      done = 0;
      return mergeBatch(database, reader, {
        tables: tracked.catalogue.tables,
        policies,
        sha256,
        now: clock.now(),
        onProgress: (changes) => {
          done += changes;
          handle.progress({ done, total: null, unit: 'rows', site: site.name });
        },
      });
    });
    const frames = reader.frames.filter(({ table }) => outcome.plain.has(table));
    plain.add({ site: site.number, file, sha256, clockOffset, frames });
    handle.count({ bytes: size, rows: done });
    const line = siteLine(handle.report, site);
    line.bytes += size;
    line.rows += done;
    const count = (
      table: string,
      added: { received?: number; conflicts?: number; refused?: number },
    ): void => {
      handle.countTable(table, added);
      countSiteTable(line, table, added);
    };
    for (const [table, rows] of outcome.written) if (rows > 0) count(table, { received: rows });
    for (const { table, kind } of outcome.conflicts) {
      count(table, kind === 'refused' ? { refused: 1 } : { conflicts: 1 });
    }
    sayOutcome(handle, site, batch, outcome, done);
  } finally {
    await reader.close();
  }
}

function sayOutcome(
  handle: StepHandle,
  site: HubSite,
  batch: number,
  { conflicts, replaced, held }: MergeOutcome,
  rows: number,
): void {
  handle.info('session.hub.merged', { site: site.name, batch, rows });
  if (replaced > 0) handle.info('session.hub.repaired', { site: site.name, rows: replaced });
  const refused = conflicts.filter(({ kind }) => kind === 'refused').length;
  const collisions = conflicts.filter(({ kind }) => kind === 'insert');
  if (conflicts.length > refused) {
    handle.warn('session.hub.conflicts', { site: site.name, conflicts: conflicts.length - refused });
  }
  if (refused > 0) handle.warn('session.hub.refused', { site: site.name, rows: refused });
  for (const table of new Set(collisions.map((conflict) => conflict.table))) {
    handle.warn('session.hub.collision', { site: site.name, table });
  }
  for (const { table, why, params } of held) {
    if (why === 'unknown') handle.warn('session.tableHeld', { table });
    else handle.warn(`session.hub.held.${why}`, { site: site.name, table, ...params });
  }
}
