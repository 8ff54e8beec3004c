/** A change as a row of a staging table: its columns, how it is laid into them, and how it is read back. */
import sql, { type ISqlType } from 'mssql';
import type { Operation, Value } from '../../batch/block';
import { packValues, unpackValues } from '../json';
import type { StagedChange } from '../port';
import { isNarrow, keyExpression, readExpression, stagedType, type ColumnType } from './column-type';
import { asNumber, asText, type Row } from './connection';
import { quote } from './names';
import { sameAsStaged, stagedKey, stagedNames, type MssqlTable } from './table';
import { fromWire, isSingle, isTooLong, toWire, type Wire } from './values';

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

/** Of the columns of a staging table. */
export function declarations({ types }: MssqlTable): string {
  const columns = types.map((type, at) => `c${String(at + 1)} ${stagedType(type).declaration} NULL`);
  return [...FIXED, ...columns, ...MISFIT, ADDS].join(', ');
}

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

export function loadColumns({ types }: MssqlTable): BulkColumn[] {
  const values = types.map((type, at) => ({ name: `c${String(at + 1)}`, type: stagedType(type).bulk }));
  return [...fixedBulk(), ...values, ...textBulk()];
}

const textBulk = (): readonly BulkColumn[] => [
  { name: 'misfit', type: sql.NVarChar(sql.MAX) },
  { name: 'misfit_reason', type: sql.VarChar(10) },
  { name: 'adds', type: sql.NVarChar(sql.MAX) },
];

export function stagedRow(
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

export function wired(staged: Staged, values: readonly Value[]): WiredRow {
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
export const roundedSums = (table: MssqlTable, values: readonly Value[]): Value[] =>
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

export const stagedKeyIs = (table: MssqlTable): string =>
  table.types
    .slice(0, table.keyCount)
    .map((type, at) => `${stagedKey(table, at)} = ${keyExpression(type, `@p${String(at + 1)}`)}`)
    .join(' AND ');

export function readQuery({ table, name }: Staged, ids: readonly number[]): string {
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

export function readChange(table: MssqlTable, row: Row): StagedChange {
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
