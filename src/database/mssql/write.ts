/** The statements that write staged changes, set by set. */
import { writeExpression } from './column-type';
import type { LogMarks } from '../log-marks';
import type { Connection } from './connection';
import { logOf, quote } from './names';
import { logNumber } from './questions';
import type { Staged } from './staged-row';
import {
  beforeNames,
  keyColumns,
  keyNames,
  listOf,
  logSameAsStaged,
  sameAsStaged,
  stagedKey,
  type MssqlTable,
} from './table';
import type { OrderedTable } from './write-order';

/** One statement about one table, for all its staged rows or, with a condition on `s.id`, for some. */
export interface Statement {
  readonly staged: Staged;
  /** Only rows that come are written one by one: a deletion is refused for none of its own faults. */
  readonly sql: (some: string) => string;
}

/**
 * What goes makes room first, but for rows that others still refer to: these go last. Rows that are there are changed
 * before others come, since a unique value may pass from one to another.
 */
export function writeStatements(
  ordered: readonly OrderedTable<Staged>[],
  tables: readonly MssqlTable[],
): Statement[] {
  const childrenFirst = [...ordered].reverse();
  return [
    ...childrenFirst.map(({ item }) => deletion(item, unreferred(item.table, tables))),
    ...ordered.flatMap(({ item, late }) => [
      ...update(item, writable(item.table, late)),
      ...respelling(item),
      insertion(item, late),
    ]),
    ...ordered.flatMap(({ item, late }) => update(item, late)),
    ...childrenFirst.map(({ item }) => deletion(item, '')),
  ];
}

/** An identity column is written with its row or never. */
const writable = (table: MssqlTable, late: readonly string[]): string[] =>
  table.columns.slice(table.keyCount).filter((column) => column !== table.identity && !late.includes(column));

function deletion(staged: Staged, condition: string): Statement {
  const { table, name } = staged;
  return {
    staged,
    sql: (some) =>
      `DELETE t FROM ${table.object} AS t JOIN ${name} AS s ON ${sameAsStaged(table)} ` +
      `WHERE s.writes = 1 AND s.op = 'D'${condition}${some}`,
  };
}

function unreferred(table: MssqlTable, tables: readonly MssqlTable[]): string {
  return tables
    .flatMap((child) => child.foreignKeys.map((foreignKey) => ({ child, foreignKey })))
    .filter(({ foreignKey }) => foreignKey.parent === table.name)
    .map(({ child, foreignKey }) => {
      const refers = foreignKey.columns
        .map((column, at) => `c.${quote(column)} = t.${quote(foreignKey.parentColumns[at] ?? '')}`)
        .join(' AND ');
      return ` AND NOT EXISTS (SELECT 1 FROM ${child.object} AS c WHERE ${refers})`;
    })
    .join('');
}

function update(staged: Staged, columns: readonly string[]): Statement[] {
  const { table, name } = staged;
  if (columns.length === 0) return [];
  const set = columns.map((column) => `${quote(column)} = ${incoming(table, column)}`);
  return [
    {
      staged,
      sql: (some) =>
        `UPDATE t SET ${set.join(', ')} FROM ${table.object} AS t JOIN ${name} AS s ON ${sameAsStaged(table)} ` +
        `WHERE s.writes = 1 AND s.op IN ('I', 'U')${some}`,
    },
  ];
}

/** Keys that are equal and yet not the same: to most collations `a` is `A`. */
function respelling(staged: Staged): Statement[] {
  const { table, name } = staged;
  const loose = keyColumns(table).filter((_, at) => table.types[at]?.kind === 'text');
  if (loose.length === 0) return [];
  const set = loose.map((column) => `${quote(column)} = ${incoming(table, column)}`);
  const bytes = (value: string): string => `CONVERT(varbinary(max), ${value})`;
  const differs = loose.map((column) => {
    const staged = stagedKey(table, table.columns.indexOf(column));
    return `${bytes(`t.${quote(column)}`)} <> ${bytes(staged)}`;
  });
  return [
    {
      staged,
      sql: (some) =>
        `UPDATE t SET ${set.join(', ')} FROM ${table.object} AS t JOIN ${name} AS s ON ${sameAsStaged(table)} ` +
        `WHERE s.writes = 1 AND s.op IN ('I', 'U') AND (${differs.join(' OR ')})${some}`,
    },
  ];
}

/** A reference that must wait is null until then, where it may be. To the table itself it need not: rows come at once. */
function insertion(staged: Staged, late: readonly string[]): Statement {
  const { table, name } = staged;
  const own = table.foreignKeys
    .filter(({ parent }) => parent === table.name)
    .flatMap(({ columns }) => columns);
  const values = table.columns.map((column) =>
    late.includes(column) && !own.includes(column) && table.nullable.has(column)
      ? 'NULL'
      : incoming(table, column),
  );
  const insert =
    `INSERT INTO ${table.object} (${table.columns.map(quote).join(', ')}) SELECT ${values.join(', ')} FROM ${name} AS s ` +
    `WHERE s.writes = 1 AND s.op IN ('I', 'U') AND NOT EXISTS (SELECT 1 FROM ${table.object} AS t WHERE ${sameAsStaged(table)})`;
  if (table.identity === null) return { staged, sql: (some) => `${insert}${some}` };
  return {
    staged,
    sql: (some) => `${ownIdentity(table, 'ON')}; ${insert}${some}; ${ownIdentity(table, 'OFF')}`,
  };
}

/** Of one table at a time; a statement that ends its batch leaves it on. */
export const ownIdentity = ({ object }: MssqlTable, onOff: 'ON' | 'OFF'): string =>
  `SET IDENTITY_INSERT ${object} ${onOff}`;

function incoming(table: MssqlTable, column: string): string {
  const at = table.columns.indexOf(column);
  const type = table.types[at];
  return type === undefined ? 'NULL' : writeExpression(type, `s.c${String(at + 1)}`);
}

/** The hub logs what it writes, so that the next round carries it, and its answers to the author. */
export async function logWritten(
  connection: Connection,
  staged: Staged,
  { origin, round, author }: LogMarks,
): Promise<void> {
  const { table, name } = staged;
  const log = logOf(logNumber(table));
  const keys = keyNames(table).join(', ');
  const stagedKeys = keyColumns(table)
    .map((_, at) => stagedKey(table, at))
    .join(', ');
  const kept = beforeNames(table).join(', ');
  await connection.run(
    `INSERT INTO ${log} (op, marks, changed_at, origin, sent_in, ${keys}${kept === '' ? '' : `, ${kept}`}) ` +
      `SELECT 'D', '', s.changed_at, ${origin}, ${round}, ${listOf('t', table.columns)} FROM ${name} AS s ` +
      `JOIN ${table.object} AS t ON ${sameAsStaged(table)} WHERE s.writes = 1 AND s.op = 'D'; ` +
      `INSERT INTO ${log} (op, marks, changed_at, origin, sent_in, ${keys}) ` +
      `SELECT s.op, s.marks, s.changed_at, ${origin}, ${round}, ${stagedKeys} ` +
      `FROM ${name} AS s WHERE s.writes = 1 AND s.op IN ('I', 'U'); ` +
      // What the author had not seen of the row is news to it until the round that carries this line. Of a key that no
      // row here can have there is none.
      `INSERT INTO ${log} (op, marks, changed_at, origin, base, ${keys}) ` +
      `SELECT 'R', s.news_marks, s.news_at, s.news_origin, ${author}, ${stagedKeys} FROM ${name} AS s ` +
      `WHERE s.everyone = 1${keyNames(table)
        .map((_, at) => ` AND s.c${String(at + 1)} IS NOT NULL`)
        .join('')}`,
  );
}

/** A site has only its questions to withdraw. */
export const withdrawAsked = (connection: Connection, { table, name }: Staged): Promise<void> =>
  connection.run(
    `DELETE l FROM ${logOf(logNumber(table))} AS l WHERE l.sent_in IS NULL AND l.op = 'R' ` +
      `AND EXISTS (SELECT 1 FROM ${name} AS s WHERE s.writes = 1 AND ${logSameAsStaged(table)})`,
  );
