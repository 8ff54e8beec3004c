import type { Block, Operation, Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import { addsOf, placesOf, reorder } from '../column-order';
import { packValues, unpackValues } from '../json';
import type { Contested, Settlement, StagedChange } from '../port';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { quote } from './names';
import { bound, hasNul, parameter } from './text-with-nul';
import { keyColumns, keyDeclarations, listOf, sameKey } from './log-sql';
import { StagedRows } from './staged-rows';
import { balanced } from './triggers';

/** A table with changes laid ready, in a temporary table of its own. */
export interface Staged {
  readonly table: SqliteTable;
  /** The temporary table, quoted. */
  readonly name: string;
  /** Its columns c1, c2…, in the order of `table.columns`. */
  readonly columns: readonly string[];
  readonly keys: readonly string[];
}

/** Changes laid ready for one transaction. Temporary tables: on disk when they are large, gone with the connection. */
export class Staging {
  readonly #connection: Connection;
  readonly #tables: ReadonlyMap<string, SqliteTable>;
  readonly #staged = new Map<string, Staged>();

  constructor(connection: Connection, tables: readonly SqliteTable[]) {
    this.#connection = connection;
    this.#tables = new Map(tables.map((table) => [table.name, table]));
  }

  get tables(): readonly Staged[] {
    return [...this.#staged.values()];
  }

  find(table: string): Staged | undefined {
    return this.#staged.get(table);
  }

  /** The staged changes of a table, with none yet if need be. */
  open(name: string): Staged {
    const known = this.#staged.get(name);
    if (known !== undefined) return known;
    const table = this.#tables.get(name);
    if (table === undefined) throw new SyncError('database.tableUnknown', { params: { table: name } });
    const columns = table.columns.map((_, index) => `c${String(index + 1)}`);
    const keys = columns.slice(0, table.keyCount);
    const staged = { table, columns, keys, name: `temp.${quote(`staged$${name}`)}` };
    this.#connection.run(
      `CREATE TABLE ${staged.name} (id INTEGER PRIMARY KEY, op TEXT NOT NULL, marks TEXT NOT NULL, ` +
        `changed_at INTEGER NOT NULL, base INTEGER, write INTEGER NOT NULL DEFAULT 1, everyone INTEGER NOT NULL DEFAULT 0, ` +
        `news_marks TEXT NOT NULL DEFAULT '', news_at INTEGER NOT NULL DEFAULT 0, news_origin INTEGER NOT NULL DEFAULT 0, ` +
        `exempt INTEGER NOT NULL DEFAULT 0, adds TEXT, ${[keyDeclarations(table, keys), ...columns.slice(table.keyCount)].join(', ')})`,
    );
    this.#staged.set(name, staged);
    return staged;
  }

  /** `clockOffset`: added to the times, milliseconds. */
  add(block: Block, clockOffset: number): void {
    const staged = this.open(block.table);
    const order = placesOf(block, staged.table);
    const rows = new StagedRows(this.#connection, staged.name, staged.columns);
    this.#connection.together(() => {
      for (const change of block.changes) {
        const { marks, values } = reorder(change, order, staged.columns.length);
        const time = Math.round(change.changedAt + clockOffset);
        const sums = addsOf(change, block, staged.table);
        if (change.op !== 'R' && change.base === null && sums === null && !values.some(hasNul)) {
          rows.add(change.op, marks, time, values);
          continue;
        }
        // A question writes nothing, and is answered with the row as it is here.
        const asks = change.op === 'R' ? 1 : 0;
        const adds = sums === null ? null : packValues(sums);
        rows.addWhole([change.op, marks, time, ...values, change.base, 1 - asks, asks, adds]);
        this.#completeText(staged, values);
      }
      rows.finish();
    });
  }

  /** Stages a row that came with no block, for everyone, in place of what is staged under its key. */
  putRow(staged: Staged, values: readonly Value[], changedAt: number): void {
    const { name, columns, keyCount } = staged.table;
    const same = staged.keys.map((key, at) => `${key} = ${parameter(values[at] ?? null)}`).join(' AND ');
    this.#connection.run(
      `DELETE FROM ${staged.name} WHERE ${same}`,
      ...values.slice(0, keyCount).flatMap(bound),
    );
    const marks = '1'.repeat(values.length);
    this.add(
      { table: name, columns, keyCount, changes: [{ op: 'U', marks, changedAt, base: null, values }] },
      0,
    );
    this.#connection.run(`UPDATE ${staged.name} SET everyone = 1 WHERE id = last_insert_rowid()`);
  }

  /** Notes what the author of a staged change has not seen of its row. */
  noteNews(staged: Staged, id: number, news: Contested['here']): void {
    this.#connection.run(
      `UPDATE ${staged.name} SET news_marks = ?, news_at = ?, news_origin = ? WHERE id = ?`,
      news.marks,
      news.changedAt,
      news.origin,
      id,
    );
  }

  read(staged: Staged, id: number): StagedChange {
    const row = this.#connection.first(`${besideCurrent(staged)} WHERE s.id = ?`, id);
    if (row === null) throw new SyncError('database.stagedRowLost', { params: { table: staged.table.name } });
    return changeIn(staged.table, row);
  }

  /** The first changes after this id that are to be written. */
  page(staged: Staged, after: number, limit: number): StagedChange[] {
    return this.#page(staged, after, limit, '1');
  }

  /** Of these, those whose row is not what they say. */
  doubtful(staged: Staged, after: number, limit: number): StagedChange[] {
    return this.#page(staged, after, limit, `NOT ${isWritten(staged)}`);
  }

  #page(staged: Staged, after: number, limit: number, condition: string): StagedChange[] {
    const query = `${besideCurrent(staged)} WHERE s.id > ? AND s.write AND ${condition} ORDER BY s.id LIMIT ?`;
    return this.#connection.all(query, after, limit).map((row) => changeIn(staged.table, row));
  }

  settle(change: StagedChange, settlement: Settlement): void {
    const staged = this.open(change.table);
    this.#connection.run(
      `UPDATE ${staged.name} SET write = ?, everyone = ?, marks = coalesce(?, marks) WHERE id = ?`,
      settlement.write ? 1 : 0,
      settlement.toEveryone ? 1 : 0,
      settlement.marks ?? null,
      change.id,
    );
    if (settlement.values === undefined) return;
    const set = staged.columns.map((column) => `${column} = ?`).join(', ');
    const update = this.#connection.statement(`UPDATE ${staged.name} SET ${set} WHERE id = ?`);
    update([...settlement.values, change.id]);
    this.#completeText(staged, settlement.values, change.id);
  }

  /** Writes again, whole, text that was cut at a NUL when it was bound. */
  #completeText(staged: Staged, values: readonly Value[], id?: number): void {
    values.forEach((value, index) => {
      if (!hasNul(value)) return;
      const column = staged.columns[index] ?? '';
      const where = id === undefined ? 'id = last_insert_rowid()' : `id = ${String(id)}`;
      this.#connection.run(
        `UPDATE ${staged.name} SET ${column} = ${parameter(value)} WHERE ${where}`,
        ...bound(value),
      );
    });
  }

  clear(): void {
    for (const staged of this.#staged.values()) {
      for (const name of [staged.name, formerName(staged)])
        this.#connection.run(`DROP TABLE IF EXISTS ${name}`);
    }
    this.#staged.clear();
  }
}

/** How many columns stand before the values. */
const FIXED = 6;

/** Staged changes beside the rows as they are. */
function besideCurrent({ table, name, columns, keys }: Staged): string {
  return (
    `SELECT s.id, s.op, s.marks, s.changed_at, t.${quote(table.columns[0] ?? '')} IS NOT NULL, s.adds, ` +
    `${listOf('s', columns)}, ${listOf('t', table.columns)} FROM ${name} AS s ` +
    `LEFT JOIN ${quote(table.name)} AS t ON ${sameKey(table, 't', keyColumns(table), 's', keys)}`
  );
}

/** Whether the row is what the change says, type and letter case of each value included. */
function isWritten({ table, columns }: Staged): string {
  const present = `t.${quote(table.columns[0] ?? '')} IS NOT NULL`;
  const same = columns.map((staged, at) => {
    const [one, other] = [`s.${staged}`, `t.${quote(table.columns[at] ?? '')}`];
    return `(${one} IS ${other} COLLATE BINARY AND typeof(${one}) = typeof(${other}))`;
  });
  return `(CASE s.op WHEN 'D' THEN NOT (${present}) ELSE ${present} AND ${balanced('AND', same)} END)`;
}

function changeIn(table: SqliteTable, row: readonly Value[]): StagedChange {
  const op = asText(row[1]) as Operation;
  const width = table.columns.length;
  return {
    id: asNumber(row[0]),
    table: table.name,
    columns: table.columns,
    keyCount: table.keyCount,
    op,
    marks: asText(row[2]),
    changedAt: asNumber(row[3]),
    values: row.slice(FIXED, FIXED + (op === 'I' || op === 'U' ? width : table.keyCount)),
    current: asNumber(row[4]) === 1 ? row.slice(FIXED + width) : null,
    ...(typeof row[5] === 'string' ? { adds: unpackValues(row[5]) } : {}),
  };
}

/** Where the columns that others refer to are noted before they are overwritten. */
export const formerName = (staged: Staged): string => `temp.${quote(`former$${staged.table.name}`)}`;

/** The staging's name of a table's column. */
export const stagedColumn = (staged: Staged, column: string): string =>
  staged.columns[staged.table.columns.indexOf(column)] ?? 'NULL';
