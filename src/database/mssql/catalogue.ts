import { additiveOf } from '../additive';
import { fingerprintOf, type Family } from '../fingerprint';
import type { Catalogue, ExcludedTable, ForeignKey } from '../port';
import type { ColumnType } from './column-type';
import type { Connection } from './connection';
import { quote, tableName } from './names';
import { readSchema, type ColumnRow, type SchemaRows, type TableRow } from './schema-rows';
import { declaredAdditive, readTracked, type TrackedTable } from './state';
import type { MssqlTable } from './table';
import { definitionOf } from './trigger';

interface MssqlCatalogue extends Catalogue {
  readonly tables: readonly MssqlTable[];
}

export async function readCatalogue(connection: Connection): Promise<MssqlCatalogue> {
  const rows = await readSchema(connection);
  const tracked = new Map((await readTracked(connection)).map((table) => [table.name, table]));
  const declared = await declaredAdditive(connection);
  const tables: MssqlTable[] = [];
  const excluded: ExcludedTable[] = [];
  for (const row of rows.tables) {
    const described = describeTable(row, rows);
    if (typeof described === 'string') excluded.push({ name: nameOf(row), reason: described });
    else {
      const table = { ...described, additive: additiveOf(described, declared) };
      tables.push(withTracking(table, tracked.get(table.name), rows, row.id));
    }
  }
  return { tables: tables.sort(byName), excluded: excluded.sort(byName) };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

const nameOf = ({ schema, name }: TableRow): string => tableName(schema, name);

/** The reason, where the table is not synchronised. */
function describeTable(row: TableRow, rows: SchemaRows): MssqlTable | ExcludedTable['reason'] {
  if (row.memoryOptimised) return 'memoryOptimised';
  if (row.history) return 'history';
  if (row.external) return 'virtual';
  const all = rows.columns.get(row.id) ?? [];
  const keyNames = rows.keys.get(row.id) ?? [];
  if (keyNames.length === 0) return 'noKey';
  const own = all.filter((column) => !column.computed);
  const key = keyNames.flatMap((name) => own.filter((column) => column.name === name));
  if (key.length < keyNames.length) return 'computedKey';
  const ordered = [...key, ...own.filter((column) => !key.includes(column))];
  if (own.some(({ masked }) => masked)) return 'masked';
  const types = ordered.flatMap(({ type }) => (type === null ? [] : [type]));
  if (types.length < ordered.length) return 'unsupportedType';
  if (ordered.length > MOST_COLUMNS) return 'tooManyColumns';
  if (ordered.reduce((bytes, column) => bytes + column.fixedBytes, 0) > MOST_BYTES) return 'rowsTooLong';
  return assemble(row, rows, ordered, types, key);
}

/** A table has 1,024 columns at most, and the staged rows of one have thirteen of ours beside its own. */
const MOST_COLUMNS = 1011;

/** A row has 8,060 bytes at most, and that of the log has some of ours beside it. */
const MOST_BYTES = 8000;

/** So many leave room for two more of each in the log, should all of them be additive. */
const MOST_WITH_SUMS = 338;

function assemble(
  row: TableRow,
  rows: SchemaRows,
  ordered: readonly ColumnRow[],
  types: readonly ColumnType[],
  key: readonly ColumnRow[],
): MssqlTable {
  const name = nameOf(row);
  const columns = ordered.map((column) => column.name);
  const described = ordered.map((column, at) => ({ name: column.name, ...spelled(types[at]) }));
  const identity = ordered.find((column) => column.identity);
  const foreignKeys = (rows.foreignKeys.get(row.id) ?? []).flatMap((foreignKey) =>
    resolved(foreignKey, columns, rows),
  );
  return {
    name,
    schema: row.schema,
    sharesOwner: row.sharesOwner,
    object: `${quote(row.schema)}.${quote(row.name)}`,
    columns,
    described,
    types,
    defaults: ordered.map((column) => column.default ?? 'NULL'),
    nullable: new Set(ordered.filter((column) => column.nullable).map((column) => column.name)),
    keyCount: key.length,
    identity: identity?.name ?? null,
    countsByOne: identity?.increment === 1,
    foreignKeys,
    addable: (ordered.length > MOST_WITH_SUMS ? [] : ordered)
      .slice(key.length)
      .filter((column, at) => !column.identity && isNumber(types[key.length + at]))
      .map((column) => column.name)
      .filter((column) => !foreignKeys.some((foreignKey) => foreignKey.columns.includes(column))),
    additive: [],
    uniques: (rows.uniques.get(row.id) ?? []).filter((unique) =>
      unique.every((column) => columns.includes(column)),
    ),
    checks: rows.checks.get(row.id) ?? [],
    businessTriggers: (rows.triggers.get(row.id) ?? [])
      .filter(({ own, enabled }) => !own && enabled)
      .map((trigger) => trigger.name),
    generatedKey: key.some((column) => column.identity),
    fingerprint: fingerprintOf('mssql', name, described, key.length),
    tracking: 'missing',
    log: null,
  };
}

const isNumber = (type: ColumnType | undefined): boolean =>
  type !== undefined && ['integer', 'real', 'decimal'].includes(type.kind) && type.name !== 'bit';

/** A moment or a GUID travels as text, and other engines keep it as such. */
function spelled(type: ColumnType | undefined): {
  type: string;
  family: Family;
} {
  if (type === undefined) return { type: '', family: 'any' };
  const { kind, declaration } = type;
  return { type: declaration, family: kind === 'moment' || kind === 'guid' ? 'text' : kind };
}

/** Foreign keys between columns that are synchronised. */
function resolved(
  {
    columns,
    parent,
    parentColumns,
  }: { columns: readonly string[]; parent: number; parentColumns: readonly string[] },
  own: readonly string[],
  rows: SchemaRows,
): ForeignKey[] {
  const table = rows.tables.find(({ id }) => id === parent);
  const known = table !== undefined && columns.every((column) => own.includes(column));
  return known ? [{ columns, parent: nameOf(table), parentColumns }] : [];
}

/**
 * The trigger itself is looked at, not only the note that it was made: an application that rebuilds a table under the
 * same name drops it with the old one, and anyone can switch it off.
 */
function withTracking(
  table: MssqlTable,
  tracked: TrackedTable | undefined,
  rows: SchemaRows,
  id: number,
): MssqlTable {
  if (tracked === undefined) return table;
  const trigger = rows.triggers.get(id)?.find(({ name }) => name === `sync$${String(tracked.id)}`);
  const logged = { ...table, log: tracked.id };
  const current = trigger?.enabled === true && tracked.definition === definitionOf(logged, tracked.id);
  return { ...logged, tracking: current ? 'installed' : 'outdated' };
}
