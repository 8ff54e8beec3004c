/** The stub's conflict journal. */
import type { EngineCalls } from '../../../src/engine/contract';
import { now, type Stub } from './stub';

export function conflictCalls({ events }: Stub): Pick<EngineCalls, 'conflicts' | 'restoreConflict'> {
  return {
    conflicts: () => Promise.resolve({ entries: [], total: 0, tables: [] }),
    restoreConflict: now(() => events.conflictsChanged()),
  };
}
