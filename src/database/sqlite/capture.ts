import type { Operation, Value } from '../../batch/block';
import type { Role } from '../../report/report';
import { BlockBuffer } from '../block-buffer';
import { changeOf } from '../log-lines';
import type { CapturedBlock } from '../port';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { LEDGER, logOf, quote, STATE } from './names';
import { countRows } from './rows';
import { writeState } from './state';
import { PendingColumns } from './pending-columns';
import { layKeysAside, pendingRows, rangesOf } from './pending-keys';
import { movesOf } from './sums';

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
      markPending(writer, quote(logOf(name)), number);
    }
    writer.run(`UPDATE ${quote(LEDGER)} SET round = ? WHERE round IS NULL`, number);
    writeState(writer, { lastMarked: number });
  });
}

/** Lines that lie close together are found faster in their own order than by the index, which the marks alter. */
function markPending(writer: Connection, log: string, number: number): void {
  const [count, first, last] =
    writer.first(`SELECT count(*), min(seq), max(seq) FROM ${log} WHERE sent_in IS NULL`) ?? [];
  const dense = asNumber(last) - asNumber(first) < 2 * asNumber(count);
  if (dense)
    writer.run(
      `UPDATE ${log} SET sent_in = ? WHERE seq BETWEEN ? AND ? AND +sent_in IS NULL`,
      number,
      first ?? null,
      last ?? null,
    );
  else writer.run(`UPDATE ${log} SET sent_in = ? WHERE sent_in IS NULL`, number);
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

/** Blocks of one table, from a reader opened by `mark`; `told`: how many changes the caller knows, if any. */
export function* readPending(
  reader: Connection,
  table: SqliteTable,
  role: Role,
  told?: number,
): Generator<CapturedBlock> {
  if (told !== undefined && isAsTold(reader, table, told)) {
    const { name, columns, keyCount } = table;
    const block = { table: name, columns, keyCount, changes: [] };
    yield { origin: 0, block, total: countRows(reader, table), asTold: true };
    return;
  }
  let total: number | null | undefined;
  for (const captured of pendingBlocks(reader, table, role)) {
    if (role === 'hub') total ??= countRows(reader, table);
    yield total === undefined ? captured : { ...captured, total };
  }
}

/** In a strict table a column of any type keeps what another database would make a number. */
function isAsTold(reader: Connection, { name, types }: SqliteTable, told: number): boolean {
  if (types.includes('ANY')) return false;
  const pending = reader.first(`SELECT count(*) FROM ${quote(logOf(name))} WHERE sent_in IS NULL`);
  return asNumber(pending?.[0]) === told;
}

function* pendingBlocks(reader: Connection, table: SqliteTable, role: Role): Generator<CapturedBlock> {
  const buffer = new BlockBuffer(table);
  const columns = new PendingColumns(reader, table);
  for (const range of rangesOf(layKeysAside(reader, table), () => columns.size)) {
    const whole = columns.read(range);
    if (whole !== null) {
      yield whole;
      continue;
    }
    for (const row of reader.iterate(pendingRows(table), range.from, range.to)) {
      const captured = readChange(table, role, row);
      const full = captured === null ? null : buffer.add(captured.origin, captured.change);
      if (full !== null) yield full;
    }
  }
  yield* buffer.rest();
}

const FIXED = 6;

function readChange(table: SqliteTable, role: Role, row: readonly Value[]): ReturnType<typeof changeOf> {
  const key = FIXED + table.keyCount;
  const width = table.columns.length;
  const ops = asText(row[0]);
  const lowestOrigin = asNumber(row[4]);
  const lines = {
    inserts: count(ops, 'I'),
    updates: count(ops, 'U'),
    deletes: count(ops, 'D'),
    asks: count(ops, 'R'),
    marks: asText(row[1]),
    changedAt: asNumber(row[2]),
    base: row[3] === null ? null : asNumber(row[3]),
    lowestOrigin,
    highestOrigin: row[5] === null ? lowestOrigin : asNumber(row[5]),
    adds: row.slice(key + width).map(movesOf),
  };
  // The first column is of the key, which no row that is there has null.
  const present = row[key] === null ? null : row.slice(key, key + width);
  return changeOf(lines, role, row.slice(FIXED, key), present, width);
}

/** How many of a row's log lines are of this kind. */
function count(ops: string, op: Operation): number {
  if (ops.length === 1) return ops === op ? 1 : 0;
  return ops.split(op).length - 1;
}
