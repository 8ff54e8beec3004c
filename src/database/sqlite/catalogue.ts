import { additiveOf } from '../additive';
import { fingerprintOf, type Family } from '../fingerprint';
import type { Catalogue, ExcludedTable, ForeignKey } from '../port';
import type { Connection } from './connection';
import { asText } from './connection';
import { PREFIX, quote, TABLES } from './names';
import { readTableRows, readVirtualTables, type ColumnRow, type TableRows } from './schema-rows';
import { declaredAdditive } from './state';
import type { SqliteTable } from './table';
import { TRIGGER_VERSION, triggerStatements } from './triggers';
import { readUniques } from './unique-indexes';

export interface SqliteCatalogue extends Catalogue {
  readonly tables: readonly SqliteTable[];
}

export function readCatalogue(connection: Connection): SqliteCatalogue {
  const tables: SqliteTable[] = [];
  const excluded: ExcludedTable[] = readVirtualTables(connection).map((name) => ({
    name,
    reason: 'virtual',
  }));
  const prepared = preparedTables(connection);
  const triggers = ownTriggers(connection);
  const declared = declaredAdditive(connection);
  const known = readTableRows(connection);
  for (const [name, rows] of known) {
    const key = keyOf(rows);
    if (key.length === 0) {
      excluded.push({ name, reason: 'noKey' });
      continue;
    }
    const described = describeTable(connection, name, known, rows);
    const table = { ...described, additive: additiveOf(described, declared) };
    const tracking = trackingOf(table, prepared.get(name), triggers);
    if (tracking === 'missing' && hasNullKey(connection, name, key)) {
      excluded.push({ name, reason: 'nullKey' });
      continue;
    }
    tables.push({ ...table, tracking });
  }
  return { tables, excluded: excluded.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

const keyOf = ({ columns }: TableRows): readonly ColumnRow[] =>
  columns
    .filter(({ keyPlace, computed }) => keyPlace > 0 && !computed)
    .sort((a, b) => a.keyPlace - b.keyPlace);

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

function describeTable(
  connection: Connection,
  name: string,
  known: ReadonlyMap<string, TableRows>,
  rows: TableRows,
): SqliteTable {
  const key = keyOf(rows);
  const columns = rows.columns.filter(({ computed }) => !computed);
  const ordered = [...key, ...columns.filter((column) => column.keyPlace === 0)];
  const keyIndex = rows.indexes.find(({ isKey }) => isKey);
  const keyCollations = keyIndex?.terms.map(({ collation }) => collation) ?? key.map(() => 'BINARY');
  // Keys that one database takes for the same and another for two would replace each other's rows.
  const described = ordered.map((column, at) => ({
    name: column.name,
    type: typeWithCollation(column.type, keyCollations[at]),
    family: familyOf(column.type),
  }));
  const foreignKeys = foreignKeysOf(rows, columns, known);
  const fingerprint = fingerprintOf('sqlite', name, described, key.length);
  return {
    name,
    columns: ordered.map((column) => column.name),
    described,
    types: ordered.map((column) => column.type),
    defaults: ordered.map((column) => column.default),
    keyCount: key.length,
    keyCollations,
    uniques: readUniques(connection, rows.indexes),
    allColumns: rows.columns.map((column) => column.name),
    foreignKeys,
    addable: described
      .slice(key.length)
      .filter(({ type, family }) => NUMBERS.has(family) && !/BIT|BOOL/.test(type))
      .map((column) => column.name)
      .filter((column) => !foreignKeys.some((foreignKey) => foreignKey.columns.includes(column))),
    additive: [],
    generatedKey: key.length === 1 && key[0]?.type === 'INTEGER' && keyIndex === undefined,
    fingerprint,
    tracking: 'missing',
  };
}

/** Foreign keys between columns that are synchronised; a parent that does not exist cannot be checked against. */
function foreignKeysOf(
  { references }: TableRows,
  columns: readonly ColumnRow[],
  known: ReadonlyMap<string, TableRows>,
): ForeignKey[] {
  const own = new Set(columns.map(({ name }) => name));
  const kept = references.filter((reference) => reference.columns.every((column) => own.has(column)));
  return kept.flatMap((reference) => {
    // As declared, 'REFERENCES Parent (ID)' may spell both in another case than the table does.
    const parent = [...known.keys()].find((name) => sameName(name, reference.parent));
    const there = parent === undefined ? undefined : known.get(parent);
    if (parent === undefined || there === undefined) return [];
    const wanted =
      reference.parentColumns.length > 0 ? reference.parentColumns : keyOf(there).map(({ name }) => name);
    const parentColumns = wanted.flatMap((column) =>
      there.columns.filter(({ name, computed }) => !computed && sameName(name, column)),
    );
    return parentColumns.length === reference.columns.length
      ? [{ parent, columns: reference.columns, parentColumns: parentColumns.map(({ name }) => name) }]
      : [];
  });
}

/** To SQLite only the letters A to Z have two cases. */
const sameName = (one: string, other: string): boolean => lowered(one) === lowered(other);

const lowered = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** SQLite lets a key that is not the rowid be null, and such rows cannot be told apart. */
function hasNullKey(connection: Connection, table: string, key: readonly ColumnRow[]): boolean {
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
