import type { PlainBatches } from '../capture/plain-batches';
import { writeRound } from '../capture/write-round';
import { schemasOf } from '../merge/schema-differences';
import { everyone, type HubSessionOptions } from './hub-options';
import { notePublished } from './lost-rounds';
import type { StepHandle } from './session';
import type { Tracked } from './tracking';

interface PublishOptions extends Pick<
  HubSessionOptions,
  'database' | 'folder' | 'application' | 'clock' | 'signal' | 'sites' | 'retired'
> {
  readonly tracked: Tracked;
  readonly plain: PlainBatches;
  /** The round takes the place of those after this one. */
  readonly since?: number;
}

/** Publishes all pending changes as the round after the last. */
export async function publishRound(handle: StepHandle, options: PublishOptions): Promise<void> {
  const { database, folder, application, clock, signal, plain, since } = options;
  const { catalogue, state } = options.tracked;
  const round = state.lastMarked + 1;
  const total = await database.pending();
  let done = 0;
  const manifest = await writeRound(database, {
    ...(since !== undefined && { since }),
    round,
    roundsFolder: folder.roundsFolder,
    application,
    schemas: schemasOf(catalogue.tables),
    sites: everyone(options).map(({ number }) => number),
    tables: catalogue.tables.map(({ name }) => name),
    now: clock.now(),
    signal,
    plain,
    onChanges: (table, changes) => {
      done += changes;
      handle.countTable(table, { sent: changes });
      handle.progress({ done, total: Math.max(total, done), unit: 'rows' });
    },
  });
  handle.count({ rows: done, bytes: manifest.segments.reduce((sum, { size }) => sum + size, 0) });
  handle.report.round = round;
  handle.info('session.hub.published', { round, rows: done });
  await notePublished(database, folder, { ...state, lastMarked: round });
}
