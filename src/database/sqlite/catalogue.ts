import { additiveOf } from '../additive';
import { fingerprintOf, type Family } from '../fingerprint';
import type { Catalogue, ExcludedTable, ForeignKey } from '../port';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { PREFIX, quote, TABLES } from './names';
import { declaredAdditive } from './state';
import type { SqliteTable } from './table';
import { TRIGGER_VERSION, triggerStatements } from './triggers';
import { indexColumns, readUniques } from './unique-indexes';

export interface SqliteCatalogue extends Catalogue {
  readonly tables: readonly SqliteTable[];
}

interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string;
  /** Place in the key, from 1; 0 outside it. */
  readonly keyPlace: number;
}

export function readCatalogue(connection: Connection): SqliteCatalogue {
  const tables: SqliteTable[] = [];
  const excluded: ExcludedTable[] = [];
  const prepared = preparedTables(connection);
  const triggers = ownTriggers(connection);
  const declared = declaredAdditive(connection);
  const listed = connection.all(
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') ORDER BY name",
  );
  for (const [nameValue, type] of listed) {
    const name = asText(nameValue);
    if (name.startsWith('sqlite_') || name.startsWith(PREFIX)) continue;
    if (type === 'virtual') {
      excluded.push({ name, reason: 'virtual' });
      continue;
    }
    const columns = readColumns(connection, name);
    const key = columns.filter((column) => column.keyPlace > 0).sort((a, b) => a.keyPlace - b.keyPlace);
    if (key.length === 0) {
      excluded.push({ name, reason: 'noKey' });
      continue;
    }
    const described = describeTable(connection, name, columns, key);
    const table = { ...described, additive: additiveOf(described, declared) };
    const tracking = trackingOf(table, prepared.get(name), triggers);
    if (tracking === 'missing' && hasNullKey(connection, name, key)) {
      excluded.push({ name, reason: 'nullKey' });
      continue;
    }
    tables.push({ ...table, tracking });
  }
  return { tables, excluded };
}

/** Fingerprints that `prepare` noted, by table. */
function preparedTables(connection: Connection): ReadonlyMap<string, string> {
  const exists = connection.first("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", TABLES);
  if (exists === null) return new Map();
  const rows = connection.all(`SELECT name, fingerprint, version FROM ${quote(TABLES)}`);
  return new Map(
    rows.map(([name, fingerprint, version]) => [asText(name), `${asText(fingerprint)}/${asText(version)}`]),
  );
}

function ownTriggers(connection: Connection): ReadonlySet<string> {
  const rows = connection.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
  return new Set(rows.filter(([name]) => asText(name).startsWith(PREFIX)).map(([, sql]) => asText(sql)));
}

/**
 * The triggers themselves are looked at, not only the note that they were made: an application that rebuilds a table
 * under the same name drops them with it, and a unique index added later asks for others.
 */
function trackingOf(
  table: SqliteTable,
  prepared: string | undefined,
  triggers: ReadonlySet<string>,
): SqliteTable['tracking'] {
  if (prepared === undefined) return 'missing';
  const current = prepared === `${table.fingerprint}/${String(TRIGGER_VERSION)}`;
  return current && triggerStatements(table).every((sql) => triggers.has(sql)) ? 'installed' : 'outdated';
}

function readColumns(connection: Connection, table: string): ColumnInfo[] {
  // Generated columns have a `hidden` of 2 or 3: every database computes its own.
  const rows = connection.all(
    'SELECT name, type, "notnull", pk, dflt_value FROM pragma_table_xinfo(?) WHERE hidden = 0',
    table,
  );
  return rows.map(([name, type, notNull, pk, defaultValue]) => ({
    name: asText(name),
    type: asText(type).toUpperCase(),
    notNull: asNumber(notNull) === 1,
    default: defaultValue === null ? 'NULL' : asText(defaultValue),
    keyPlace: asNumber(pk),
  }));
}

function describeTable(
  connection: Connection,
  name: string,
  columns: readonly ColumnInfo[],
  key: readonly ColumnInfo[],
): SqliteTable {
  const ordered = [...key, ...columns.filter((column) => column.keyPlace === 0)];
  const keyIndex = connection.first("SELECT name FROM pragma_index_list(?) WHERE origin = 'pk'", name);
  const keyCollations =
    keyIndex === null
      ? key.map(() => 'BINARY')
      : indexColumns(connection, asText(keyIndex[0])).map(({ collation }) => collation);
  // Keys that one database takes for the same and another for two would replace each other's rows.
  const described = ordered.map((column, at) => ({
    name: column.name,
    type: typeWithCollation(column.type, keyCollations[at]),
    family: familyOf(column.type),
  }));
  const foreignKeys = readForeignKeys(connection, name);
  const fingerprint = fingerprintOf('sqlite', name, described, key.length);
  return {
    name,
    columns: ordered.map((column) => column.name),
    described,
    types: ordered.map((column) => column.type),
    defaults: ordered.map((column) => column.default),
    keyCount: key.length,
    keyCollations,
    uniques: readUniques(connection, name),
    allColumns: connection
      .all('SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1', name)
      .map(([column]) => asText(column)),
    foreignKeys,
    addable: described
      .slice(key.length)
      .filter(({ type, family }) => NUMBERS.has(family) && !/BIT|BOOL/.test(type))
      .map((column) => column.name)
      .filter((column) => !foreignKeys.some((foreignKey) => foreignKey.columns.includes(column))),
    additive: [],
    generatedKey: key.length === 1 && key[0]?.type === 'INTEGER' && keyIndex === null,
    fingerprint,
    tracking: 'missing',
  };
}

/** Foreign keys between columns that are synchronised; a parent that does not exist cannot be checked against. */
function readForeignKeys(connection: Connection, table: string): ForeignKey[] {
  const rows = connection.all(
    'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    table,
  );
  const byId = new Map<number, { parent: string; columns: string[]; parentColumns: string[] }>();
  for (const [id, parent, from, to] of rows) {
    const entry = byId.get(asNumber(id)) ?? { parent: asText(parent), columns: [], parentColumns: [] };
    byId.set(asNumber(id), entry);
    entry.columns.push(asText(from));
    if (to !== null) entry.parentColumns.push(asText(to));
  }
  const own = new Set(readColumns(connection, table).map(({ name }) => name));
  const kept = [...byId.values()].filter(({ columns }) => columns.every((column) => own.has(column)));
  return kept.flatMap(({ parent, columns, parentColumns }) => {
    const known = connection.first(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE",
      parent,
    );
    if (known === null) return [];
    const name = asText(known[0]);
    // As declared, 'REFERENCES Parent (ID)' may spell a column in another case than its table does.
    const spelled = new Map(
      readColumns(connection, name).map((column) => [column.name.toLowerCase(), column.name]),
    );
    const referred = (parentColumns.length > 0 ? parentColumns : keyOf(connection, name)).map((column) =>
      spelled.get(column.toLowerCase()),
    );
    const parentNames = referred.filter((column) => column !== undefined);
    return parentNames.length === columns.length
      ? [{ parent: name, columns, parentColumns: parentNames }]
      : [];
  });
}

function keyOf(connection: Connection, table: string): string[] {
  return connection
    .all('SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk', table)
    .map(([name]) => asText(name));
}

/** SQLite lets a key that is not the rowid be null, and such rows cannot be told apart. */
function hasNullKey(connection: Connection, table: string, key: readonly ColumnInfo[]): boolean {
  const nullable = key.filter((column) => !column.notNull);
  if (nullable.length === 0) return false;
  const condition = nullable.map((column) => `${quote(column.name)} IS NULL`).join(' OR ');
  return connection.first(`SELECT 1 FROM ${quote(table)} WHERE ${condition} LIMIT 1`) !== null;
}

const typeWithCollation = (type: string, collation = 'BINARY'): string =>
  collation === 'BINARY' ? type : `${type} COLLATE ${collation}`.trim();

/** The family that a declared type gives its column, by the names that SQLite and SQL Server use. */
const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/INT|BIT|BOOL/, 'integer'],
  [/CHAR|CLOB|TEXT|XML|DATE|TIME|GUID|UNIQUEIDENTIFIER/, 'text'],
  [/BLOB|BINARY|IMAGE/, 'binary'],
  [/REAL|FLOA|DOUB/, 'real'],
  [/DEC|NUM|MONEY/, 'decimal'],
];

const NUMBERS: ReadonlySet<Family> = new Set(['integer', 'real', 'decimal']);

const familyOf = (type: string): Family => FAMILIES.find(([pattern]) => pattern.test(type))?.[1] ?? 'any';
