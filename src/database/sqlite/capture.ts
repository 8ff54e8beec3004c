import type { Change, Operation, Value } from '../../batch/block';
import { BLOCK_BYTES, BLOCK_CHANGES } from '../../batch/block';
import type { Role } from '../../report/report';
import type { CapturedBlock } from '../port';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { LEDGER, logOf, quote, STATE } from './names';
import { writeState } from './state';
import { keyColumns, keyNames, listOf, sameKey } from './triggers';

/**
 * Marks every pending change as `number` and opens a reading of the database at that very instant. The reader takes
 * its snapshot while the writer holds the write lock, before the marks: nobody can commit in between, so what is
 * pending in the snapshot is exactly what gets marked, and the application waits for the marks only, not the reading.
 */
export function mark(
  writer: Connection,
  reader: Connection,
  tables: readonly SqliteTable[],
  number: number,
): void {
  writer.transaction(() => {
    reader.run('BEGIN');
    reader.first(`SELECT 1 FROM ${quote(STATE)}`);
    for (const { name } of tables) {
      writer.run(`UPDATE ${quote(logOf(name))} SET sent_in = ? WHERE sent_in IS NULL`, number);
    }
    writer.run(`UPDATE ${quote(LEDGER)} SET round = ? WHERE round IS NULL`, number);
    writeState(writer, { lastMarked: number });
  });
}

export function release(writer: Connection, tables: readonly SqliteTable[], number: number): void {
  writer.transaction(() => {
    for (const { name } of tables) {
      writer.run(`UPDATE ${quote(logOf(name))} SET sent_in = NULL WHERE sent_in = ?`, number);
    }
    writer.run(`UPDATE ${quote(LEDGER)} SET round = NULL WHERE round = ?`, number);
    writeState(writer, { lastMarked: number - 1 });
  });
}

/** Blocks of one table, from a reader opened by `mark`. */
export function* readPending(reader: Connection, table: SqliteTable, role: Role): Generator<CapturedBlock> {
  const open = new Map<number, { changes: Change[]; bytes: number }>();
  for (const row of reader.iterate(pendingQuery(table))) {
    const captured = readChange(table, role, row);
    if (captured === null) continue;
    const { origin, change } = captured;
    const buffer = open.get(origin) ?? { changes: [], bytes: 0 };
    open.set(origin, buffer);
    buffer.changes.push(change);
    buffer.bytes += sizeOf(change.values);
    if (buffer.changes.length >= BLOCK_CHANGES || buffer.bytes >= BLOCK_BYTES) {
      open.delete(origin);
      yield blockOf(table, origin, buffer.changes);
    }
  }
  for (const [origin, { changes }] of open) yield blockOf(table, origin, changes);
}

const blockOf = (table: SqliteTable, origin: number, changes: readonly Change[]): CapturedBlock => ({
  origin,
  block: { table: table.name, columns: table.columns, keyCount: table.keyCount, changes },
});

/** One row a key: what was logged about it, and the row as it is. */
function pendingQuery(table: SqliteTable): string {
  const keys = keyNames(table);
  return (
    `SELECT inserts, updates, deletes, asks, marks, changed_at, base, lowest, highest, ` +
    `t.${quote(table.columns[0] ?? '')} IS NOT NULL, ${listOf('l', keys)}, ${listOf('t', table.columns)} ` +
    `FROM (SELECT ${keys.join(', ')}, sum(op = 'I') AS inserts, sum(op = 'U') AS updates, sum(op = 'D') AS deletes, ` +
    `sum(op = 'R') AS asks, group_concat(marks, '') AS marks, max(changed_at) AS changed_at, min(base) AS base, ` +
    `min(origin) AS lowest, max(origin) AS highest ` +
    `FROM ${quote(logOf(table.name))} WHERE sent_in IS NULL GROUP BY ${keys.join(', ')}) AS l ` +
    `LEFT JOIN ${quote(table.name)} AS t ON ${sameKey(table, 't', keyColumns(table), 'l', keys)}`
  );
}

const FIXED = 10;

function readChange(
  table: SqliteTable,
  role: Role,
  row: readonly Value[],
): { origin: number; change: Change } | null {
  const [inserts, updates, deletes, asks] = row.slice(0, 4).map(asNumber) as [number, number, number, number];
  const present = asNumber(row[9]) === 1;
  const op = operationOf({ inserts, updates, deletes, asks, present }, role);
  if (op === null) return null;
  const whole = op === 'I' || op === 'U';
  const [lowest, highest] = [asNumber(row[7]), asNumber(row[8])];
  return {
    // A line that answers one site sends the row to everyone: it is the only way to that site.
    origin: asks === 0 && lowest === highest ? lowest : 0,
    change: {
      op,
      marks: whole ? unionOfMarks(asText(row[4]), table.columns.length) : '',
      changedAt: asNumber(row[5]),
      base: role === 'hub' || row[6] === null ? null : asNumber(row[6]),
      values: whole ? row.slice(FIXED + table.keyCount) : row.slice(FIXED, FIXED + table.keyCount),
    },
  };
}

/**
 * What a key's log lines come to. The table has the last word: a line can be there for a deletion that never was
 * (see the replace triggers), never the other way round. Null: nothing happened.
 */
function operationOf(
  log: { inserts: number; updates: number; deletes: number; asks: number; present: boolean },
  role: Role,
): Operation | null {
  const changed = log.inserts + log.updates > 0;
  if (log.present) {
    if (changed) return log.inserts > log.deletes ? 'I' : 'U';
    // At the hub, a line that asks is the hub's own: everyone must get the row as it is.
    if (log.asks > 0) return role === 'hub' ? 'U' : 'R';
    return null;
  }
  if (!changed && log.deletes === 0) return role === 'hub' ? 'D' : 'R';
  return 'D';
}

/** Marks of several log lines, one after the other, as one line's. */
export function unionOfMarks(marks: string, width: number): string {
  if (marks.length <= width) return marks.padEnd(width, '0');
  return Array.from({ length: width }, (_, column) => {
    for (let at = column; at < marks.length; at += width) if (marks[at] === '1') return '1';
    return '0';
  }).join('');
}

function sizeOf(values: readonly Value[]): number {
  let bytes = 0;
  for (const value of values)
    bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  return bytes;
}
