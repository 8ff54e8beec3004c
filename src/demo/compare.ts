import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Place } from './places';

/** One table as it is at the head office, and whether the others have exactly the same. */
export interface TableComparison {
  readonly table: string;
  readonly rows: number;
  /** The others, in their order. */
  readonly others: readonly Likeness[];
}

export interface Likeness {
  readonly place: Place;
  /** Number of the first row that differs, counted from 1 in the order of the key; null where all are the same. */
  readonly differsAt: number | null;
}

/**
 * Reads every table of the business application in all the databases side by side, row by row in the order of the key,
 * and compares each value exactly. Asks nothing of the synchronisation: `tables` are those of the base it began with.
 */
export function compareDatabases(tables: readonly string[], places: readonly Place[]): TableComparison[] {
  const handles = places.map(({ database }) => new DatabaseSync(database, { readOnly: true }));
  try {
    return tables.map((table) => {
      const readers = handles.map((handle) => readRows(handle, table));
      const { rows, differences } = compareRows(readers);
      const others = places.slice(1).map((place, at) => ({ place, differsAt: differences[at] ?? null }));
      return { table, rows, others };
    });
  } finally {
    for (const handle of handles) handle.close();
  }
}

/** The tables of a database that no synchronisation has touched. */
export function tablesOf(database: string): string[] {
  const handle = new DatabaseSync(database, { readOnly: true });
  try {
    return [...readValues(handle, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid`)].map(
      ([name]) => String(name),
    );
  } finally {
    handle.close();
  }
}

type Cells = readonly unknown[];

function compareRows([first, ...others]: readonly Iterator<Cells>[]): {
  rows: number;
  differences: (number | null)[];
} {
  const differences: (number | null)[] = others.map(() => null);
  for (let rows = 0; ; rows += 1) {
    const row = next(first);
    others.forEach((reader, at) => {
      const other = next(reader);
      const same = row === null || other === null ? row === other : sameRow(row, other);
      if (!same) differences[at] ??= rows + 1;
    });
    if (row === null) return { rows, differences };
  }
}

function next(reader: Iterator<Cells> | undefined): Cells | null {
  const result = reader?.next();
  return result === undefined || result.done === true ? null : result.value;
}

function readRows(handle: DatabaseSyncInstance, table: string): Iterator<Cells> {
  const keys = [
    ...readValues(handle, `SELECT name FROM pragma_table_info('${table}') WHERE pk > 0 ORDER BY pk`),
  ];
  return readValues(handle, `SELECT * FROM ${table} ORDER BY ${keys.map(String).join(', ')}`);
}

/** Integers come as bigint and other numbers as number, so that 1 and 1.0 differ. */
function* readValues(handle: DatabaseSyncInstance, sql: string): Generator<Cells> {
  const statement = handle.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const rows: Iterable<unknown> = statement.iterate();
  for (const row of rows) yield Array.isArray(row) ? row : [];
}

const sameRow = (a: Cells, b: Cells): boolean =>
  a.length === b.length && a.every((value, at) => sameValue(value, b[at]));

const sameValue = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : Object.is(a, b);
