import type { Catalogue, Database, Installation, TrackingState } from '../database/port';
import { SyncError } from '../shared/errors';
import type { StepHandle } from './session';

export interface Tracked {
  readonly catalogue: Catalogue;
  readonly state: TrackingState;
}

/**
 * Makes sure that every table is tracked as it is today. Tables that changed or came since `prepare` are put right
 * here and now, and named in the report: what was written in them meanwhile is sent whole.
 */
export async function checkTracking(
  database: Database,
  installation: Installation,
  handle: StepHandle,
): Promise<Tracked> {
  const before = await database.state();
  if (before === null || before.installation !== installation.id || before.role !== installation.role) {
    throw new SyncError('database.notPrepared');
  }
  const catalogue = await database.catalogue();
  for (const { name, reason } of catalogue.excluded)
    handle.info(`session.excluded.${reason}`, { table: name });
  const changed = catalogue.tables.filter(({ tracking }) => tracking !== 'installed');
  if (changed.length === 0) return { catalogue, state: before };
  for (const { name } of changed) handle.warn('session.tracking.renewed', { table: name });
  await database.prepare(installation);
  const state = await database.state();
  if (state === null) throw new SyncError('database.notPrepared');
  return { catalogue: await database.catalogue(), state };
}
