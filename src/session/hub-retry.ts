import type { Database } from '../database/port';
import { retryRefused } from '../merge/retry-refused';
import type { Clock } from '../shared/clock';
import { retryDatabase, type StepHandle } from './session';
import type { Tracked } from './tracking';

interface RetryContext {
  readonly database: Database;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tracked: Tracked;
}

/** Tries again what the hub's database refused, and tells what came of it and how much waits. */
export async function retryRefusedRows(
  handle: StepHandle,
  { database, clock, signal, tracked }: RetryContext,
): Promise<void> {
  const { tables } = tracked.catalogue;
  const { passed, conflicts, waiting } = await retryDatabase({ clock, signal }, handle, () =>
    retryRefused(database, { tables, now: clock.now() }),
  );
  if (passed > 0) handle.info('session.hub.retried', { rows: passed });
  for (const { table } of conflicts) handle.countTable(table, { conflicts: 1 });
  if (conflicts.length > 0) handle.warn('session.hub.overtaken', { rows: conflicts.length });
  if (waiting > 0) handle.info('session.hub.refusedWaiting', { rows: waiting });
}
