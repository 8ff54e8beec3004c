import { z } from 'zod';
import { SyncError } from '../../shared/errors';
import type { AdditiveColumns } from '../additive';
import { ESTABLISHMENT, establishmentsIn, noteOf } from '../establishments';
import type { Establishment } from '../port';
import { ALL_PURGED } from '../tracking-numbers';
import { requireKnownTracking } from '../tracking-version';
import { asNumber, asText, type Connection } from './connection';
import { ADDITIVE, SCHEMA, STATE, TABLES } from './names';

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
  roundMarks: z.string().default(''),
  site: z.coerce.number().default(0),
  purged: z.coerce.number().default(ALL_PURGED),
});
type MssqlState = z.infer<typeof stateSchema>;

export async function hasTracking(connection: Connection): Promise<boolean> {
  const row = await connection.first(
    `SELECT 1 FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id ` +
      `WHERE s.name = '${SCHEMA}' AND t.name = 'tracked'`,
  );
  return row !== null;
}

export async function requireTracking(connection: Connection): Promise<MssqlState> {
  if (!(await hasTracking(connection))) throw new SyncError('database.notPrepared');
  return readState(connection);
}

/** Rejects with `database.newer`. */
export async function readState(connection: Connection): Promise<MssqlState> {
  const rows = await connection.all(`SELECT name, value FROM ${STATE}`);
  const state = stateSchema.parse(Object.fromEntries(rows.map(([name, value]) => [asText(name), value])));
  requireKnownTracking(state.version);
  return state;
}

export async function writeState(
  connection: Connection,
  changes: Partial<MssqlState> | Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(changes)) {
    await connection.all(
      `UPDATE ${STATE} SET value = @p2 WHERE name = @p1; IF @@ROWCOUNT = 0 INSERT INTO ${STATE} (name, value) VALUES (@p1, @p2)`,
      name,
      String(value),
    );
  }
}

export async function readEstablishments(connection: Connection): Promise<readonly Establishment[]> {
  if (!(await hasTracking(connection))) return [];
  const rows = await connection.all(`SELECT name, value FROM ${STATE}`);
  return establishmentsIn(rows.map(([name, value]) => [asText(name), asText(value)]));
}

export async function writeEstablishments(
  connection: Connection,
  sites: readonly Establishment[],
): Promise<void> {
  await connection.run(`DELETE FROM ${STATE} WHERE name LIKE '${ESTABLISHMENT}%'`);
  await writeState(connection, Object.fromEntries(sites.map(noteOf)));
}

/** Columns that were declared additive, of all tables. */
export async function declaredAdditive(connection: Connection): Promise<AdditiveColumns> {
  if (!(await hasAdditive(connection))) return {};
  const declared: Record<string, string[]> = {};
  for (const [table, column] of await connection.all(`SELECT table_name, column_name FROM ${ADDITIVE}`))
    (declared[asText(table)] ??= []).push(asText(column));
  return declared;
}

export async function writeAdditive(connection: Connection, columns: AdditiveColumns): Promise<void> {
  if (!(await hasAdditive(connection))) {
    await connection.run(
      `CREATE TABLE ${ADDITIVE} (table_name nvarchar(300) NOT NULL, column_name nvarchar(128) NOT NULL)`,
    );
  }
  await connection.run(`DELETE FROM ${ADDITIVE}`);
  for (const [table, names] of Object.entries(columns)) {
    for (const name of names) {
      await connection.all(
        `INSERT INTO ${ADDITIVE} (table_name, column_name) VALUES (@p1, @p2)`,
        table,
        name,
      );
    }
  }
}

/** Databases that were prepared by older versions have no such table until the first declaration. */
async function hasAdditive(connection: Connection): Promise<boolean> {
  const row = await connection.first(
    `SELECT 1 FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id ` +
      `WHERE s.name = '${SCHEMA}' AND t.name = 'additive'`,
  );
  return row !== null;
}

/** A table as it was when its log was made. */
export interface TrackedTable {
  /** Number of its log and trigger. */
  readonly id: number;
  readonly name: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  /** Digest of the SQL that was installed. */
  readonly definition: string;
}

export async function readTracked(connection: Connection): Promise<TrackedTable[]> {
  if (!(await hasTracking(connection))) return [];
  const rows = await connection.all(`SELECT id, name, columns, key_count, definition FROM ${TABLES}`);
  return rows.map(([id, name, columns, keyCount, definition]) => ({
    id: asNumber(id),
    name: asText(name),
    columns: z.array(z.string()).parse(JSON.parse(asText(columns))),
    keyCount: asNumber(keyCount),
    definition: asText(definition),
  }));
}
