import type { Connection } from './connection';
import { asNumber } from './connection';
import { keyColumns, keyNames, listOf, sameKey } from './log-sql';
import { logOf, quote } from './names';
import { movesQuery } from './sums';
import type { SqliteTable } from './table';

/** Rows of PENDING, by their place. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const PENDING = 'temp."pending$keys"';

/**
 * Lays the keys of all pending changes aside, each in one row with what its log lines come to, and gives how many they
 * are: what is read of them piece by piece is sorted only once.
 */
export function layKeysAside(reader: Connection, table: SqliteTable): number {
  const log = quote(logOf(table.name));
  reader.run(`DROP TABLE IF EXISTS ${PENDING}`);
  if (reader.first(`SELECT 1 FROM ${log} WHERE sent_in IS NULL LIMIT 1`) === null) return 0;
  const keys = keyNames(table).join(', ');
  const moves = movesQuery(table).map((sql, at) => `, ${sql} AS moves${String(at)}`);
  reader.run(
    `CREATE TABLE ${PENDING} AS SELECT ${keys}, group_concat(op, '') AS ops, ` +
      `group_concat(marks, '') AS marks, max(changed_at) AS changed_at, min(base) AS base, ` +
      `min(origin) AS lowest, max(origin) AS highest${moves.join('')} ` +
      `FROM ${log} WHERE sent_in IS NULL GROUP BY ${keys}`,
  );
  return asNumber(reader.first(`SELECT max(rowid) FROM ${PENDING}`)?.[0]);
}

/** The keys laid aside, in pieces of at most `size()`. */
export function* rangesOf(count: number, size: () => number): Generator<Range> {
  for (let from = 1; from <= count;) {
    const to = Math.min(count, from + size() - 1);
    yield { from, to };
    from = to + 1;
  }
}

/** To be put after SELECT: keys `l` laid aside beside the rows `t` as they are, from one place to another. */
export const fromPending = (table: SqliteTable): string =>
  `FROM ${PENDING} AS l LEFT JOIN ${quote(table.name)} AS t ` +
  `ON ${sameKey(table, 't', keyColumns(table), 'l', keyNames(table))} WHERE l.rowid BETWEEN ? AND ?`;

/**
 * One row a key: what was logged about it, and the row as it is. Each value that is not null costs its way out of the
 * database: what is the same for nearly all rows is null.
 */
export const pendingRows = (table: SqliteTable): string =>
  `SELECT l.ops, l.marks, l.changed_at, l.base, nullif(l.lowest, 0), nullif(l.highest, l.lowest), ` +
  `${[listOf('l', keyNames(table)), listOf('t', table.columns), ...movesQuery(table).map((_, at) => `l.moves${String(at)}`)].join(', ')} ` +
  fromPending(table);
