import { placeOf } from '../config/place';
import type { Settings } from '../config/settings';
import { NEARLY_USED } from '../database/key-ranges';
import type { Table } from '../database/port';
import { heldTables, type Fingerprints } from '../merge/schema-differences';
import { SyncError } from '../shared/errors';
import { found, type Check, type Finding } from './checks';
import type { Parts } from './parts';

/** The database opens, and is prepared for this very installation. */
export async function checkDatabase({ openDatabase }: Parts, settings: Settings): Promise<Finding> {
  const database = await openDatabase(settings.database);
  try {
    const state = await database.state();
    if (state?.installation !== settings.installation) throw new SyncError('database.notPrepared');
    const [missing] = await database.missingRights();
    if (missing !== undefined) {
      throw new SyncError('database.rightMissing', {
        params: { right: `${missing.right}, ${missing.object}` },
      });
    }
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

/** What is left out of the synchronisation, and numbers that run out. */
export const tableChecks = (parts: Parts, settings: Settings): readonly Check[] => [
  { name: 'tables', needs: ['database'], run: () => checkLeftOut(parts, settings) },
  { name: 'keyRanges', needs: ['database'], run: () => checkKeyRanges(parts, settings) },
];

async function checkLeftOut({ openDatabase }: Parts, settings: Settings): Promise<Finding | null> {
  const database = await openDatabase(settings.database);
  try {
    const { excluded } = await database.catalogue();
    const tables = excluded.map(({ name }) => name).join(', ');
    return excluded.length === 0
      ? null
      : found('warning', 'tablesLeftOut', { count: excluded.length, tables });
  } finally {
    await database.close();
  }
}

async function checkKeyRanges({ openDatabase }: Parts, settings: Settings): Promise<Finding | null> {
  const place = placeOf(settings);
  if (place === null) return null;
  const database = await openDatabase(settings.database);
  try {
    // As a session would at its start: what has a range keeps it.
    const low = (await database.assignKeyRanges(place)).filter(({ used }) => used >= NEARLY_USED);
    const tables = low.map(({ table }) => table).join(', ');
    return low.length === 0 ? null : found('warning', 'keyRangesLow', { count: low.length, tables });
  } finally {
    await database.close();
  }
}
