import sql, { type ISqlType } from 'mssql';
import type { Block, Operation, Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import { addsOf, placesOf, reorder } from '../column-order';
import { packValues, unpackValues } from '../json';
import type { Contested, Settlement, StagedChange } from '../port';
import {
  isNarrow,
  keyExpression,
  readExpression,
  stagedType,
  writeExpression,
  type ColumnType,
} from './column-type';
import { asNumber, asText, type Connection, type Row } from './connection';
import { quote } from './names';
import { sameAsStaged, stagedKey, stagedNames, type MssqlTable } from './table';
import { fromWire, isSingle, isTooLong, parameterOf, toWire, type Wire } from './values';

/** A table with changes laid ready, in a temporary table of its own. */
export interface Staged {
  readonly table: MssqlTable;
  /** The temporary table. Its columns c1, c2… are in the order of `table.columns`. */
  readonly name: string;
  /** Text that its column may not be able to hold is among them. */
  foreignText: boolean;
  lastId: number;
  /** Rows that are known to end the transaction which writes them, and why the server refuses each. */
  readonly ending: Map<number, string>;
}

const FIXED = [
  'id int NOT NULL PRIMARY KEY',
  'op char(1) NOT NULL',
  'marks varchar(1024) NOT NULL',
  'changed_at bigint NOT NULL',
  'base int NULL',
  'writes tinyint NOT NULL',
  'everyone tinyint NOT NULL',
  'news_marks varchar(1024) NOT NULL',
  'news_at bigint NOT NULL',
  'news_origin int NOT NULL',
];

/** The row as it came, where a column cannot hold one of its values, and why: `tooLong` or `value`. */
const MISFIT = ['misfit nvarchar(max) NULL', 'misfit_reason varchar(10) NULL'];

/** What the change adds to each column, where the table has additive ones. */
const ADDS = 'adds nvarchar(max) NULL';

/** Changes laid ready for one transaction, in temporary tables that are gone with the connection. */
export class Staging {
  readonly #connection: Connection;
  readonly #tables: ReadonlyMap<string, MssqlTable>;
  readonly #staged = new Map<string, Staged>();

  constructor(connection: Connection, tables: readonly MssqlTable[]) {
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
  async open(name: string): Promise<Staged> {
    const known = this.#staged.get(name);
    if (known !== undefined) return known;
    const table = this.#tables.get(name);
    if (table === undefined) throw new SyncError('database.tableUnknown', { params: { table: name } });
    const staged = {
      table,
      name: `#staged_${String(this.#staged.size + 1)}`,
      foreignText: false,
      lastId: 0,
      ending: new Map<number, string>(),
    };
    const columns = table.types.map((type, at) => `c${String(at + 1)} ${stagedType(type).declaration} NULL`);
    await this.#connection.run(
      `CREATE TABLE ${staged.name} (${[...FIXED, ...columns, ...MISFIT, ADDS].join(', ')})`,
    );
    this.#staged.set(name, staged);
    return staged;
  }

  /** `clockOffset`: added to the times, milliseconds. */
  async add(block: Block, clockOffset: number): Promise<void> {
    const staged = await this.open(block.table);
    const places = placesOf(block, staged.table);
    const rows = block.changes.map((change) => {
      const { marks, values } = reorder(change, places, staged.table.columns.length);
      // A question writes nothing, and is answered with the row as it is here.
      const asks = change.op === 'R' ? 1 : 0;
      const time = BigInt(Math.round(change.changedAt + clockOffset));
      const adds = addsOf(change, block, staged.table);
      return stagedRow(staged, [change.op, marks, time, change.base, 1 - asks, asks], values, adds);
    });
    await this.#load(staged, rows);
  }

  /** Stages a row that came with no block, for everyone, in place of what is staged under its key. */
  async putRow(staged: Staged, values: readonly Value[], changedAt: number): Promise<void> {
    const { types, keyCount } = staged.table;
    const key = types.slice(0, keyCount);
    await this.#connection.all(
      `DELETE s FROM ${staged.name} AS s WHERE ${stagedKeyIs(staged.table)}`,
      ...key.map((type, at) => parameterOf(type, values[at] ?? null)),
    );
    const marks = '1'.repeat(values.length);
    await this.#load(staged, [stagedRow(staged, ['U', marks, BigInt(changedAt), null, 1, 1], values, null)]);
  }

  /** Notes what the author of a staged change has not seen of its row. */
  async noteNews(staged: Staged, id: number, news: Contested['here']): Promise<void> {
    await this.#connection.run(
      `UPDATE ${staged.name} SET news_marks = '${news.marks}', news_at = ${String(news.changedAt)}, ` +
        `news_origin = ${String(news.origin)} WHERE id = ${String(id)}`,
    );
  }

  /** Staged changes by their ids, beside the rows as they are. */
  async read(staged: Staged, ids: readonly number[]): Promise<ReadonlyMap<number, StagedChange>> {
    const changes = new Map<number, StagedChange>();
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const some = ids.slice(from, from + IDS_AT_ONCE);
      for (const row of await this.#connection.all(readQuery(staged, some))) {
        const change = readChange(staged.table, row);
        changes.set(change.id, change);
      }
    }
    return changes;
  }

  /** The first changes after this id that are to be written, beside the rows as they are. */
  async page(staged: Staged, after: number, limit: number): Promise<StagedChange[]> {
    const rows = await this.#connection.all(
      `SELECT TOP (${String(limit)}) id FROM ${staged.name} WHERE id > ${String(after)} AND writes = 1 ORDER BY id`,
    );
    const changes = await this.read(
      staged,
      rows.map(([id]) => asNumber(id)),
    );
    return [...changes.values()].sort((a, b) => a.id - b.id);
  }

  async settle(change: StagedChange, settlement: Settlement): Promise<void> {
    const staged = await this.open(change.table);
    const flags = [
      `writes = ${settlement.write ? '1' : '0'}`,
      `everyone = ${settlement.toEveryone ? '1' : '0'}`,
    ];
    if (settlement.marks !== undefined) flags.push(`marks = '${settlement.marks}'`);
    const id = String(change.id);
    await this.#connection.run(`UPDATE ${staged.name} SET ${flags.join(', ')} WHERE id = ${id}`);
    if (settlement.values === undefined) return;
    const { table } = staged;
    const { misfit, reason, wires } = wired(staged, roundedSums(table, settlement.values));
    const set = stagedNames(table).map((column, at) => {
      const value = `@p${String(at + 3)}`;
      const type = table.types[at];
      return `${column} = ${type?.kind === 'binary' ? writeExpression(type, value) : value}`;
    });
    await this.#connection.all(
      `UPDATE ${staged.name} SET misfit = @p1, misfit_reason = @p2, ${set.join(', ')} WHERE id = ${id}`,
      misfit,
      reason,
      ...wires.map((wire, at) =>
        typeof wire === 'number' && table.types[at]?.kind === 'integer' ? BigInt(wire) : wire,
      ),
    );
  }

  /** To be called as a transaction begins; the answer, once it was rolled back: what it opened is gone with it. */
  begin(): () => void {
    const lasting = new Set(this.#staged.keys());
    return () => {
      for (const name of this.#staged.keys()) if (!lasting.has(name)) this.#staged.delete(name);
    };
  }

  async clear(): Promise<void> {
    const names = this.tables.map(({ name }) => name);
    this.#staged.clear();
    for (const name of names) {
      await this.#connection.run(`IF OBJECT_ID('tempdb..${name}') IS NOT NULL DROP TABLE ${name}`);
    }
  }

  async #load(staged: Staged, rows: readonly (readonly Wire[])[]): Promise<void> {
    const numbered = rows.map((row) => {
      staged.lastId += 1;
      return [staged.lastId, ...row];
    });
    await this.#connection.bulk(staged.name, loadColumns(staged.table), numbered);
  }
}

const IDS_AT_ONCE = 1000;

interface BulkColumn {
  readonly name: string;
  readonly type: ISqlType;
}

/** Made when they are needed, as the driver is loaded then. */
const fixedBulk = (): readonly BulkColumn[] => [
  { name: 'id', type: sql.Int() },
  { name: 'op', type: sql.VarChar(1) },
  { name: 'marks', type: sql.VarChar(1024) },
  { name: 'changed_at', type: sql.BigInt() },
  { name: 'base', type: sql.Int() },
  { name: 'writes', type: sql.TinyInt() },
  { name: 'everyone', type: sql.TinyInt() },
  { name: 'news_marks', type: sql.VarChar(1024) },
  { name: 'news_at', type: sql.BigInt() },
  { name: 'news_origin', type: sql.Int() },
];

/** How many columns `readQuery` puts before the values. */
const FIXED_READ = 7;

function loadColumns({ types }: MssqlTable): BulkColumn[] {
  const values = types.map((type, at) => ({ name: `c${String(at + 1)}`, type: stagedType(type).bulk }));
  return [...fixedBulk(), ...values, ...textBulk()];
}

const textBulk = (): readonly BulkColumn[] => [
  { name: 'misfit', type: sql.NVarChar(sql.MAX) },
  { name: 'misfit_reason', type: sql.VarChar(10) },
  { name: 'adds', type: sql.NVarChar(sql.MAX) },
];

function stagedRow(
  staged: Staged,
  change: readonly Wire[],
  values: readonly Value[],
  adds: readonly Value[] | null,
): Wire[] {
  const { misfit, reason, wires } = wired(staged, values);
  return [...change, ...NO_NEWS, ...wires, misfit, reason, adds === null ? null : packValues(adds)];
}

const NO_NEWS: readonly Wire[] = ['', 0n, 0];

interface WiredRow {
  /** All of its values packed, where one does not fit; `wires` are null then, but for a key that can be told. */
  readonly misfit: string | null;
  readonly reason: 'tooLong' | 'value' | null;
  readonly wires: readonly Wire[];
}

function wired(staged: Staged, values: readonly Value[]): WiredRow {
  const { types, keyCount } = staged.table;
  const wires = values.map((value, at) => {
    const type = types[at];
    return type === undefined ? undefined : toWire(type, value);
  });
  staged.foreignText ||= values.some((value, at) => mayBeForeign(types[at], value));
  const fitting = wires.filter((wire) => wire !== undefined);
  if (fitting.length === wires.length) return { misfit: null, reason: null, wires: fitting };
  const tooLong = values.some((value, at) => isTooLong(types[at], value));
  return {
    misfit: packValues(values),
    reason: tooLong ? 'tooLong' : 'value',
    wires: wires.map((wire, at) => (at < keyCount ? (wire ?? null) : null)),
  };
}

/** Sums are counted more exactly than a column of single precision can keep them. */
const roundedSums = (table: MssqlTable, values: readonly Value[]): Value[] =>
  values.map((value, at) => {
    const type = table.types[at];
    const isSum = table.additive.includes(table.columns[at] ?? '');
    return isSum && typeof value === 'number' && type !== undefined && isSingle(type)
      ? Math.fround(value)
      : value;
  });

const ASCII = /^[\0-\x7f]*$/;

/** Every code page has these characters alone. */
const mayBeForeign = (type: ColumnType | undefined, value: Value): boolean =>
  type !== undefined &&
  typeof value === 'string' &&
  (type.name === 'xml' || (isNarrow(type) && !ASCII.test(value)));

const stagedKeyIs = (table: MssqlTable): string =>
  table.types
    .slice(0, table.keyCount)
    .map((type, at) => `${stagedKey(table, at)} = ${keyExpression(type, `@p${String(at + 1)}`)}`)
    .join(' AND ');

function readQuery({ table, name }: Staged, ids: readonly number[]): string {
  const staged = stagedNames(table).map((column) => `s.${column}`);
  const current = table.columns.map((column, at) => {
    const type = table.types[at];
    return type === undefined ? 'NULL' : readExpression(type, `t.${quote(column)}`);
  });
  const first = `t.${quote(table.columns[0] ?? '')}`;
  return (
    `SELECT s.id, s.op, s.marks, s.changed_at, s.misfit, CASE WHEN ${first} IS NULL THEN 0 ELSE 1 END, s.adds, ` +
    `${[...staged, ...current].join(', ')} FROM ${name} AS s LEFT JOIN ${table.object} AS t ON ${sameAsStaged(table)} ` +
    `WHERE s.id IN (${ids.join(', ')})`
  );
}

function readChange(table: MssqlTable, row: Row): StagedChange {
  const op = asText(row[1]) as Operation;
  const width = table.columns.length;
  const values = (from: number): Value[] => table.types.map((type, at) => fromWire(type, row[from + at]));
  const staged = row[4] === null ? values(FIXED_READ) : unpackValues(asText(row[4]));
  return {
    id: asNumber(row[0]),
    table: table.name,
    columns: table.columns,
    keyCount: table.keyCount,
    op,
    marks: asText(row[2]),
    changedAt: asNumber(row[3]),
    values: staged.slice(0, op === 'I' || op === 'U' ? width : table.keyCount),
    current: asNumber(row[5]) === 1 ? values(FIXED_READ + width) : null,
    ...(row[6] === null ? {} : { adds: unpackValues(asText(row[6])) }),
  };
}
