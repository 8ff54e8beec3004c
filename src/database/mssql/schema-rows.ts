/** What the catalogue views of SQL Server say of all tables, in a few readings of the whole database. */
import { columnType, type ColumnType } from './column-type';
import { asNumber, asText, type Connection, type Row } from './connection';
import { isOwnTrigger, SCHEMA } from './names';

export interface TableRow {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly memoryOptimised: boolean;
  /** It keeps old rows of a system-versioned table. */
  readonly history: boolean;
  readonly external: boolean;
  /** It belongs to who owns our own tables too. */
  readonly sharesOwner: boolean;
}

export interface ColumnRow {
  readonly name: string;
  /** Null: of a type that is not carried. */
  readonly type: ColumnType | null;
  /** What it takes of every row; 0 for one of variable length. */
  readonly fixedBytes: number;
  readonly nullable: boolean;
  readonly identity: boolean;
  /** Of an identity column; 0 for others. */
  readonly increment: number;
  /** The server gives its values: computed, rowversion, period of a system-versioned table, all sparse ones in one. */
  readonly computed: boolean;
  /** The server shows this account something else in the place of its values. */
  readonly masked: boolean;
  readonly default: string | null;
}

interface TriggerRow {
  readonly name: string;
  readonly own: boolean;
  readonly enabled: boolean;
}

interface ForeignKeyRow {
  readonly columns: readonly string[];
  readonly parent: number;
  readonly parentColumns: readonly string[];
}

type ByTable<T> = ReadonlyMap<number, readonly T[]>;

export interface SchemaRows {
  readonly tables: readonly TableRow[];
  readonly columns: ByTable<ColumnRow>;
  /** Names of the key's columns, in key order. */
  readonly keys: ByTable<string>;
  readonly uniques: ByTable<readonly string[]>;
  readonly foreignKeys: ByTable<ForeignKeyRow>;
  readonly checks: ByTable<string>;
  readonly triggers: ByTable<TriggerRow>;
}

export async function readSchema(connection: Connection): Promise<SchemaRows> {
  return {
    tables: await readTables(connection),
    columns: await readColumns(connection),
    ...(await readIndexes(connection)),
    foreignKeys: await readForeignKeys(connection),
    checks: group(
      await connection.all('SELECT parent_object_id, name FROM sys.check_constraints WHERE is_disabled = 0'),
      ([, name]) => asText(name),
    ),
    triggers: group(
      await connection.all(
        'SELECT parent_id, name, is_disabled FROM sys.triggers WHERE parent_class = 1 ORDER BY name',
      ),
      ([, name, disabled]) => ({
        name: asText(name),
        own: isOwnTrigger(asText(name)),
        enabled: !isTrue(disabled),
      }),
    ),
  };
}

async function readTables(connection: Connection): Promise<TableRow[]> {
  const rows = await connection.all(
    'SELECT t.object_id, s.name, t.name, t.is_memory_optimized, t.temporal_type, t.is_external, ' +
      "CASE WHEN COALESCE(t.principal_id, s.principal_id) = (SELECT principal_id FROM sys.schemas WHERE name = 'dbo') THEN 1 ELSE 0 END " +
      'FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id ' +
      `WHERE t.is_ms_shipped = 0 AND s.name <> '${SCHEMA}'`,
  );
  return rows.map(([id, schema, name, memoryOptimised, temporal, external, shared]) => ({
    id: asNumber(id),
    schema: asText(schema),
    name: asText(name),
    memoryOptimised: isTrue(memoryOptimised),
    history: asNumber(temporal) === HISTORY,
    external: isTrue(external),
    sharesOwner: isTrue(shared),
  }));
}

/** `temporal_type` of a history table. */
const HISTORY = 1;

const VARIABLE = new Set([
  'varchar',
  'nvarchar',
  'varbinary',
  'text',
  'ntext',
  'image',
  'xml',
  'sql_variant',
]);

async function readColumns(connection: Connection): Promise<ByTable<ColumnRow>> {
  const rows = await connection.all(
    'SELECT c.object_id, c.name, y.name, c.max_length, c.precision, c.scale, c.collation_name, c.is_nullable, ' +
      'c.is_identity, c.is_computed, c.generated_always_type, d.definition, i.increment_value, ' +
      'c.is_column_set, c.encryption_type, ' +
      "CASE WHEN c.is_masked = 1 AND COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'UNMASK'), 0) = 0 THEN 1 ELSE 0 END " +
      'FROM sys.columns AS c JOIN sys.tables AS t ON t.object_id = c.object_id ' +
      'LEFT JOIN sys.types AS y ON y.user_type_id = c.system_type_id ' +
      'LEFT JOIN sys.default_constraints AS d ON d.parent_object_id = c.object_id AND d.parent_column_id = c.column_id ' +
      'LEFT JOIN sys.identity_columns AS i ON i.object_id = c.object_id AND i.column_id = c.column_id ' +
      'ORDER BY c.object_id, c.column_id',
  );
  return group(rows, (row) => {
    const [, name, typeName, maxLength, precision, scale, collation, nullable, identity] = row;
    const [computed, generated, definition, increment, columnSet, encryption, masked] = row.slice(9);
    const type = asText(typeName);
    return {
      name: asText(name),
      // What clients alone can read is not carried.
      type:
        encryption !== null
          ? null
          : columnType({
              name: type,
              maxLength: asNumber(maxLength),
              precision: asNumber(precision),
              scale: asNumber(scale),
              collation: collation === null ? null : asText(collation),
            }),
      fixedBytes: VARIABLE.has(type) ? 0 : asNumber(maxLength),
      nullable: isTrue(nullable),
      identity: isTrue(identity),
      increment: asNumber(increment),
      computed:
        isTrue(computed) ||
        isTrue(columnSet) ||
        asNumber(generated) !== 0 ||
        type === 'timestamp' ||
        type === 'rowversion',
      masked: isTrue(masked),
      default: definition === null ? null : asText(definition),
    };
  });
}

async function readIndexes(connection: Connection): Promise<Pick<SchemaRows, 'keys' | 'uniques'>> {
  const rows = await connection.all(
    'SELECT i.object_id, i.index_id, c.name, i.is_primary_key, i.has_filter FROM sys.indexes AS i ' +
      'JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id ' +
      'JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id ' +
      'JOIN sys.tables AS t ON t.object_id = i.object_id ' +
      'WHERE i.is_unique = 1 AND i.is_disabled = 0 AND k.is_included_column = 0 ' +
      'ORDER BY i.object_id, i.index_id, k.key_ordinal',
  );
  const keys = rows.filter(([, , , primary]) => isTrue(primary));
  // What a filter leaves out cannot clash; what it does not is left to the server to refuse.
  const uniques = rows.filter(([, , , primary, filtered]) => !isTrue(primary) && !isTrue(filtered));
  return { keys: group(keys, ([, , name]) => asText(name)), uniques: groupTwice(uniques) };
}

function groupTwice(rows: readonly Row[]): ByTable<readonly string[]> {
  const byIndex = new Map<string, { readonly table: number; readonly columns: string[] }>();
  for (const [table, index, name] of rows) {
    const id = `${asText(table)} ${asText(index)}`;
    const entry = byIndex.get(id) ?? { table: asNumber(table), columns: [] };
    byIndex.set(id, entry);
    entry.columns.push(asText(name));
  }
  return gather([...byIndex.values()].map(({ table, columns }) => [table, columns]));
}

/** Those that are switched off bind nobody. */
async function readForeignKeys(connection: Connection): Promise<ByTable<ForeignKeyRow>> {
  const rows = await connection.all(
    'SELECT f.parent_object_id, f.object_id, f.referenced_object_id, c.name, r.name FROM sys.foreign_keys AS f ' +
      'JOIN sys.foreign_key_columns AS k ON k.constraint_object_id = f.object_id ' +
      'JOIN sys.columns AS c ON c.object_id = k.parent_object_id AND c.column_id = k.parent_column_id ' +
      'JOIN sys.columns AS r ON r.object_id = k.referenced_object_id AND r.column_id = k.referenced_column_id ' +
      'WHERE f.is_disabled = 0 ORDER BY f.name, k.constraint_column_id',
  );
  const byKey = new Map<
    number,
    ForeignKeyRow & { columns: string[]; parentColumns: string[]; table: number }
  >();
  for (const [table, id, parent, column, parentColumn] of rows) {
    const entry = byKey.get(asNumber(id)) ?? {
      table: asNumber(table),
      parent: asNumber(parent),
      columns: [],
      parentColumns: [],
    };
    byKey.set(asNumber(id), entry);
    entry.columns.push(asText(column));
    entry.parentColumns.push(asText(parentColumn));
  }
  return gather([...byKey.values()].map(({ table, ...foreignKey }) => [table, foreignKey]));
}

/** By the table's id, which comes first in each row. */
const group = <T>(rows: readonly Row[], describe: (row: Row) => T): ByTable<T> =>
  gather(rows.map((row) => [asNumber(row[0]), describe(row)]));

function gather<T>(members: readonly (readonly [number, T])[]): ByTable<T> {
  const groups = new Map<number, T[]>();
  for (const [table, member] of members) {
    const group = groups.get(table) ?? [];
    groups.set(table, group);
    group.push(member);
  }
  return groups;
}

const isTrue = (value: unknown): boolean => value === true || value === 1;
