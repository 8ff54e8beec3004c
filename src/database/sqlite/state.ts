import { z } from 'zod';
import { SyncError } from '../../shared/errors';
import type { AdditiveColumns } from '../additive';
import { ESTABLISHMENT, establishmentsIn, noteOf } from '../establishments';
import type { Establishment } from '../port';
import { ALL_PURGED } from '../tracking-numbers';
import { requireKnownTracking } from '../tracking-version';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { quote, STATE, TABLES } from './names';

const stateSchema = z.object({
  installation: z.string().default(''),
  role: z.enum(['hub', 'site']).default('site'),
  version: z.coerce.number().default(1),
  lastMarked: z.coerce.number().default(0),
  position: z.coerce.number().default(0),
  included: z.coerce.number().default(0),
  lostAfter: z.coerce.number().default(0),
  lostBatch: z.coerce.number().default(0),
  lostRound: z.coerce.number().default(0),
  roundMarks: z.coerce.string().default(''),
  site: z.coerce.number().default(0),
  purged: z.coerce.number().default(ALL_PURGED),
  /** As it was before `prepare`, to be put back by `unprepare`. */
  journalMode: z.string().default('delete'),
  /** Columns declared additive, as JSON. */
  additive: z.string().default('{}'),
});
export type SqliteState = z.infer<typeof stateSchema>;

export function hasTracking(connection: Connection): boolean {
  return connection.first("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", STATE) !== null;
}

export function requireTracking(connection: Connection): SqliteState {
  if (!hasTracking(connection)) throw new SyncError('database.notPrepared');
  return readState(connection);
}

/** Throws `database.newer`. */
export function readState(connection: Connection): SqliteState {
  const rows = connection.all(`SELECT key, value FROM ${quote(STATE)}`);
  const state = stateSchema.parse(Object.fromEntries(rows.map(([key, value]) => [asText(key), value])));
  requireKnownTracking(state.version);
  return state;
}

export function writeState(
  connection: Connection,
  changes: Partial<SqliteState> | Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(changes)) {
    connection.run(`INSERT OR REPLACE INTO ${quote(STATE)} (key, value) VALUES (?, ?)`, key, String(value));
  }
}

export function readEstablishments(connection: Connection): readonly Establishment[] {
  if (!hasTracking(connection)) return [];
  const rows = connection.all(`SELECT key, value FROM ${quote(STATE)}`);
  return establishmentsIn(rows.map(([key, value]) => [asText(key), String(value)]));
}

export function writeEstablishments(connection: Connection, sites: readonly Establishment[]): void {
  connection.run(`DELETE FROM ${quote(STATE)} WHERE key LIKE '${ESTABLISHMENT}%'`);
  writeState(connection, Object.fromEntries(sites.map(noteOf)));
}

/** Columns that were declared additive, of all tables. */
export function declaredAdditive(connection: Connection): AdditiveColumns {
  if (!hasTracking(connection)) return {};
  return additiveSchema.parse(JSON.parse(readState(connection).additive));
}

const additiveSchema = z.record(z.string(), z.array(z.string()));

/** A table as it was when its log was made. */
export interface PreparedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
}

export function preparedTables(connection: Connection): PreparedTable[] {
  return connection
    .all(`SELECT name, columns, key_count FROM ${quote(TABLES)}`)
    .map(([name, columns, keyCount]) => ({
      name: asText(name),
      columns: JSON.parse(asText(columns)) as string[],
      keyCount: asNumber(keyCount),
    }));
}
