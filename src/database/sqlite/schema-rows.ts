import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { PREFIX } from './names';

export interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** SQL, 'NULL' for none. */
  readonly default: string;
  /** Place in the key, from 1; 0 outside it. */
  readonly keyPlace: number;
  /** Every database computes its own. */
  readonly computed: boolean;
}

/** Of an index: an expression has no name. */
export interface IndexTerm {
  readonly column: string | null;
  readonly collation: string;
}

export interface IndexRow {
  readonly name: string;
  readonly isKey: boolean;
  readonly terms: IndexTerm[];
}

export interface ReferenceRow {
  readonly parent: string;
  readonly columns: string[];
  /** None where the key of the parent is meant. */
  readonly parentColumns: string[];
}

export interface TableRows {
  readonly columns: readonly ColumnRow[];
  /** Unique ones, by name. */
  readonly indexes: readonly IndexRow[];
  readonly references: readonly ReferenceRow[];
}

const OF_MAIN = `t.schema = 'main' AND t.name NOT GLOB 'sqlite_*' AND t.name NOT GLOB '${PREFIX}*'`;

/** To be put after a SELECT: ordinary tables `t`, each with the lines of a pragma about it. */
const tablesWith = (pragma: string, alias: string): string =>
  `FROM pragma_table_list AS t CROSS JOIN pragma_${pragma}(t.name) AS ${alias}`;

const ORDINARY = `WHERE ${OF_MAIN} AND t.type = 'table'`;

/** What SQLite knows of the application's ordinary tables, by name: as many questions for many tables as for one. */
export function readTableRows(connection: Connection): ReadonlyMap<string, TableRows> {
  const indexes = readIndexes(connection);
  const references = readReferences(connection);
  return new Map(
    [...readColumns(connection)].map(([table, columns]) => [
      table,
      { columns, indexes: indexes.get(table) ?? [], references: references.get(table) ?? [] },
    ]),
  );
}

export const readVirtualTables = (connection: Connection): string[] =>
  connection
    .all(`SELECT t.name FROM pragma_table_list AS t WHERE ${OF_MAIN} AND t.type = 'virtual'`)
    .map(([name]) => asText(name));

function readColumns(connection: Connection): ReadonlyMap<string, ColumnRow[]> {
  const rows = connection.all(
    `SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden ${tablesWith('table_xinfo', 'c')} ` +
      `${ORDINARY} ORDER BY t.name, c.cid`,
  );
  const columns = new Map<string, ColumnRow[]>();
  for (const [table, name, type, notNull, defaultValue = null, pk, hidden] of rows) {
    listIn(columns, asText(table)).push({
      name: asText(name),
      type: asText(type).toUpperCase(),
      notNull: asNumber(notNull) === 1,
      default: defaultValue === null ? 'NULL' : asText(defaultValue),
      keyPlace: asNumber(pk),
      computed: asNumber(hidden) !== 0,
    });
  }
  return columns;
}

function readIndexes(connection: Connection): ReadonlyMap<string, IndexRow[]> {
  const rows = connection.all(
    `SELECT t.name, i.name, i.origin, x.name, x.coll ${tablesWith('index_list', 'i')} ` +
      `CROSS JOIN pragma_index_xinfo(i.name) AS x ${ORDINARY} AND i."unique" AND x.key ORDER BY t.name, i.name, x.seqno`,
  );
  const indexes = new Map<string, IndexRow[]>();
  for (const [table, name, origin, column = null, collation] of rows) {
    const own = listIn(indexes, asText(table));
    const term = { column: column === null ? null : asText(column), collation: asText(collation) };
    const known = own.find((index) => index.name === asText(name));
    if (known === undefined) own.push({ name: asText(name), isKey: asText(origin) === 'pk', terms: [term] });
    else known.terms.push(term);
  }
  return indexes;
}

function readReferences(connection: Connection): ReadonlyMap<string, ReferenceRow[]> {
  const rows = connection.all(
    `SELECT t.name, f.seq, f."table", f."from", f."to" ${tablesWith('foreign_key_list', 'f')} ` +
      `${ORDINARY} ORDER BY t.name, f.id, f.seq`,
  );
  const references = new Map<string, ReferenceRow[]>();
  for (const [table, seq, parent, column, parentColumn = null] of rows) {
    const own = listIn(references, asText(table));
    if (asNumber(seq) === 0) own.push({ parent: asText(parent), columns: [], parentColumns: [] });
    own.at(-1)?.columns.push(asText(column));
    if (parentColumn !== null) own.at(-1)?.parentColumns.push(asText(parentColumn));
  }
  return references;
}

function listIn<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}
