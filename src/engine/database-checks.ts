import type { Settings } from '../config/settings';
import type { Table } from '../database/port';
import { heldTables, type Fingerprints } from '../merge/schema-differences';
import { SyncError } from '../shared/errors';
import { found, type Finding } from './checks';
import type { Parts } from './parts';

/** The database opens, and is prepared for this very installation. */
export async function checkDatabase({ openDatabase }: Parts, settings: Settings): Promise<Finding> {
  const database = await openDatabase(settings.database);
  try {
    const state = await database.state();
    if (state?.installation !== settings.installation) throw new SyncError('database.notPrepared');
    return found('ok', 'changes', { count: await database.pending() });
  } finally {
    await database.close();
  }
}

/** Every table is tracked as it is; and, where the hub's are known, the same as at the hub. */
export async function checkSchema(
  { openDatabase }: Parts,
  settings: Settings,
  hub: Fingerprints | null,
): Promise<Finding> {
  const database = await openDatabase(settings.database);
  try {
    const { tables } = await database.catalogue();
    const differing = hub === null ? untracked(tables) : [...heldTables(tables, hub)].sort();
    if (differing.length === 0) return found('ok', 'tables', { count: tables.length });
    return found('warning', 'tablesDiffer', { count: differing.length, tables: differing.join(', ') });
  } finally {
    await database.close();
  }
}

const untracked = (tables: readonly Table[]): string[] =>
  tables.filter(({ tracking }) => tracking !== 'installed').map(({ name }) => name);
