import { SyncError } from '../../shared/errors';
import type { Installation } from '../port';
import { adoptionOf } from '../adoption';
import { NO_NUMBERS } from '../tracking-numbers';
import { TRACKING_VERSION } from '../tracking-version';
import { readCatalogue } from './catalogue';
import { asText, type Connection } from './connection';
import { forgetLog, install, sumColumns } from './install';
import { CREATE_REFUSED, hasRefused } from './journal';
import {
  isOwnTrigger,
  JOURNAL,
  LEDGER,
  literal,
  logOf,
  QUESTIONS,
  RANGES,
  REFUSED,
  RESTORED,
  quote,
  SCHEMA,
  SEQUENCE,
  STATE,
  TABLES,
} from './names';
import { hasTracking, readState, readTracked, writeState } from './state';

/**
 * In one transaction: either every table is tracked from one instant on, or none. Rejects with
 * `database.schemaTaken` {schema} or `database.nestedTriggersOff`.
 */
export async function prepare(connection: Connection, installation: Installation): Promise<void> {
  await requireNestedTriggers(connection);
  await connection.givingWay(async () => {
    const first = !(await hasTracking(connection));
    if (first) await createState(connection);
    const { tables } = await readCatalogue(connection);
    await forgetDropped(connection, new Set(tables.map(({ name }) => name)));
    await adopt(connection, installation);
    for (const table of tables) {
      if (table.tracking !== 'installed') await install(connection, table, first);
    }
  });
}

export async function unprepare(connection: Connection): Promise<void> {
  if (!(await hasTracking(connection))) return;
  await readState(connection);
  await connection.givingWay(async () => {
    for (const { schema, name } of await ownTriggers(connection)) {
      await connection.run(`DROP TRIGGER ${quote(schema)}.${quote(name)}`);
    }
    for (const name of await ownTables(connection))
      await connection.run(`DROP TABLE ${SCHEMA}.${quote(name)}`);
    await connection.run(`DROP SEQUENCE ${SEQUENCE}`);
    await connection.run(`DROP SCHEMA ${SCHEMA}`);
  });
}

/** Where triggers fire no triggers, what those of the business application write would go unnoticed. */
async function requireNestedTriggers(connection: Connection): Promise<void> {
  const off = await connection.first(
    "SELECT 1 FROM sys.configurations WHERE name = 'nested triggers' AND value_in_use = 0",
  );
  if (off !== null) throw new SyncError('database.nestedTriggersOff');
}

async function createState(connection: Connection): Promise<void> {
  const taken = await connection.first(`SELECT 1 FROM sys.schemas WHERE name = '${SCHEMA}'`);
  if (taken !== null) throw new SyncError('database.schemaTaken', { params: { schema: SCHEMA } });
  const statements = [
    // Of the owner of nearly all tables, whoever prepares: our triggers then need no right of the application's accounts.
    `CREATE SCHEMA ${SCHEMA} AUTHORIZATION dbo`,
    `CREATE SEQUENCE ${SEQUENCE} AS bigint START WITH 1 INCREMENT BY 1 CACHE 1000`,
    `CREATE TABLE ${STATE} (name nvarchar(50) NOT NULL PRIMARY KEY, value nvarchar(400) NOT NULL)`,
    `CREATE TABLE ${TABLES} (id int NOT NULL PRIMARY KEY, name nvarchar(300) NOT NULL, columns nvarchar(max) NOT NULL, ` +
      `key_count int NOT NULL, definition varchar(64) NOT NULL)`,
    `CREATE TABLE ${LEDGER} (site int NOT NULL, batch int NOT NULL, sha256 varchar(64) NOT NULL, ` +
      `declined nvarchar(max) NOT NULL, round int NULL, PRIMARY KEY (site, batch))`,
    `CREATE TABLE ${JOURNAL} (id bigint NOT NULL DEFAULT (NEXT VALUE FOR ${SEQUENCE}) PRIMARY KEY, at bigint NOT NULL, ` +
      `site int NOT NULL, batch int NOT NULL, name nvarchar(300) NOT NULL, kind varchar(20) NOT NULL, conflict nvarchar(max) NOT NULL)`,
    `CREATE TABLE ${RANGES} (name nvarchar(300) NOT NULL PRIMARY KEY, first_value bigint NOT NULL, place int NOT NULL, ` +
      `from_value bigint NOT NULL, to_value bigint NOT NULL)`,
    `CREATE TABLE ${RESTORED} (id bigint NOT NULL DEFAULT (NEXT VALUE FOR ${SEQUENCE}) PRIMARY KEY, ` +
      `conflict_id bigint NOT NULL, side varchar(10) NOT NULL, at bigint NOT NULL, person nvarchar(200) NOT NULL)`,
    `CREATE TABLE ${QUESTIONS} (id bigint NOT NULL DEFAULT (NEXT VALUE FOR ${SEQUENCE}) PRIMARY KEY, ` +
      `name nvarchar(300) NOT NULL, key_columns nvarchar(max) NOT NULL, [key] nvarchar(max) NOT NULL, base int NOT NULL)`,
    CREATE_REFUSED,
  ];
  for (const statement of statements) await connection.run(statement);
  await writeState(connection, { version: TRACKING_VERSION });
}

/** Writes whose database this is. */
async function adopt(connection: Connection, installation: Installation): Promise<void> {
  const before = await readState(connection);
  const adoption = adoptionOf(before, installation);
  if (adoption === 'heir') await writeState(connection, { installation: installation.id });
  if (adoption !== 'stranger') return;
  if (before.installation !== '') {
    for (const { id } of await readTracked(connection)) await adoptLog(connection, id, before, installation);
    await connection.run(`DELETE FROM ${LEDGER}; DELETE FROM ${JOURNAL}; DELETE FROM ${RESTORED}`);
    if (await hasRefused(connection)) await connection.run(`DELETE FROM ${REFUSED}`);
  }
  const seen = before.role === 'hub' ? before.lastMarked : before.position;
  await writeState(connection, {
    installation: installation.id,
    role: installation.role,
    lastMarked: 0,
    included: 0,
    position: installation.role === 'site' ? seen : 0,
    site: installation.site ?? 0,
    purged: 0,
    ...NO_NUMBERS,
  });
}

/**
 * What the other machine has sent for good is forgotten. The rest is kept, since sending a change twice is harmless and
 * losing one is not; but a site made from the hub holds nothing that the hub itself will not publish.
 */
async function adoptLog(
  connection: Connection,
  id: number,
  before: Pick<Installation, 'role'> & { readonly lastMarked: number; readonly included: number },
  { role }: Installation,
): Promise<void> {
  const log = logOf(id);
  if (before.role === 'hub' && role === 'site') {
    await connection.run(`DELETE FROM ${log}`);
    return;
  }
  const sent = before.role === 'hub' ? before.lastMarked : before.included;
  await connection.run(
    `DELETE FROM ${log} WHERE sent_in <= ${String(sent)}; UPDATE ${log} SET sent_in = NULL, origin = 0`,
  );
  // What may have been counted already must not be counted twice: these changes have a value and no more.
  for (const name of await sumColumns(connection, id))
    await connection.run(`UPDATE ${log} SET ${name} = NULL`);
  // Questions and answers have a meaning between one site and its hub only.
  if (role === 'hub') await connection.run(`DELETE FROM ${log} WHERE op = 'R'`);
}

async function forgetDropped(connection: Connection, present: ReadonlySet<string>): Promise<void> {
  for (const { id, name } of await readTracked(connection)) {
    if (present.has(name)) continue;
    await forgetLog(connection, id);
  }
}

async function ownTriggers(connection: Connection): Promise<{ schema: string; name: string }[]> {
  const rows = await connection.all(
    'SELECT s.name, g.name FROM sys.triggers AS g JOIN sys.tables AS t ON t.object_id = g.parent_id ' +
      'JOIN sys.schemas AS s ON s.schema_id = t.schema_id',
  );
  return rows
    .map(([schema, name]) => ({ schema: asText(schema), name: asText(name) }))
    .filter(({ name }) => isOwnTrigger(name));
}

async function ownTables(connection: Connection): Promise<string[]> {
  const rows = await connection.all(
    `SELECT t.name FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id WHERE s.name = ${literal(SCHEMA)}`,
  );
  return rows.map(([name]) => asText(name));
}
