import { additiveOf, type AdditiveColumns } from '../database/additive';
import type { Catalogue, Database, Installation, TrackingState } from '../database/port';
import { leftIn, NEARLY_USED } from '../database/key-ranges';
import { SyncError } from '../shared/errors';
import type { StepHandle } from './session';

export interface Tracked {
  readonly catalogue: Catalogue;
  readonly state: TrackingState;
}

/**
 * Makes sure that every table is tracked as it is today. Tables that changed or came since `prepare` are put right
 * here and now, and named in the report: what was written in them meanwhile is sent whole. `place`: 0 for the hub, else
 * the number of the site.
 */
export async function checkTracking(
  database: Database,
  installation: Installation,
  place: number,
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
  for (const { name } of changed) handle.warn('session.tracking.renewed', { table: name });
  if (changed.length > 0) await database.prepare(installation);
  await checkKeyRanges(database, place, handle);
  if (changed.length === 0) return { catalogue, state: before };
  const state = await database.state();
  if (state === null) throw new SyncError('database.notPrepared');
  return { catalogue: await database.catalogue(), state };
}

/**
 * Makes the columns that add up those that the hub declares, and renews the tracking of the tables concerned. What was
 * changed in them before is an ordinary change.
 */
export async function followAdditive(
  database: Database,
  installation: Installation,
  { catalogue, state }: Tracked,
  declared: AdditiveColumns,
  handle: StepHandle,
): Promise<Tracked> {
  const moved = catalogue.tables.filter(
    (table) => JSON.stringify(additiveOf(table, declared)) !== JSON.stringify(table.additive),
  );
  if (moved.length === 0) return { catalogue, state };
  await database.declareAdditive(declared);
  await database.prepare(installation);
  for (const table of moved) {
    const columns = additiveOf(table, declared).join(', ');
    if (columns === '') handle.info('session.additive.none', { table: table.name });
    else handle.info('session.additive.columns', { table: table.name, columns });
  }
  return { catalogue: await database.catalogue(), state };
}

/** Every place makes keys of its own range; one that is nearly used is told while there is time. */
async function checkKeyRanges(database: Database, place: number, handle: StepHandle): Promise<void> {
  for (const range of await database.assignKeyRanges(place)) {
    const { table, used } = range;
    if (used < NEARLY_USED) continue;
    handle.warn('session.keyRange', { table, percent: Math.floor(used * 100), left: leftIn(range) });
  }
}
