import type { Role } from '../../report/report';
import type { CapturedBlock } from '../port';
import { asNumber, asText, type Connection } from './connection';
import { LEDGER, logOf } from './names';
import { blocksOf, hasLines, pendingQuery } from './pending-lines';
import { logNumber } from './questions';
import { countRows } from './rows';
import { writeState } from './state';
import type { MssqlTable } from './table';

/**
 * Marks all that is pending in these tables as `number` and reads it as it was at that instant: in a snapshot, over a
 * connection that `openReader` makes, or from a copy where the database allows none.
 */
export async function* capturePending(
  writer: Connection,
  openReader: () => Promise<Connection>,
  {
    tables,
    role,
    number,
  }: { readonly tables: readonly MssqlTable[]; readonly role: Role; readonly number: number },
): AsyncGenerator<CapturedBlock> {
  if (await allowsSnapshots(writer)) {
    const reader = await openReader();
    try {
      await markInSnapshot(writer, reader, tables, number);
      for (const table of tables) {
        if (!(await hasLines(reader, table, number))) continue;
        const counted = role === 'hub' ? { total: await countRows(reader, table) } : {};
        const rows = reader.stream(pendingQuery(table, number, null));
        for await (const block of blocksOf(rows, table, role)) yield { ...block, ...counted };
      }
    } finally {
      await reader.close();
    }
    return;
  }
  const totals = await markAndCopy(writer, tables, number);
  for (const table of tables) {
    const rows = writer.stream(`SELECT * FROM ${copyOf(table)} ORDER BY key_group`);
    const total = totals.get(table);
    const counted = role === 'hub' && total !== undefined ? { total } : {};
    for await (const block of blocksOf(rows, table, role)) yield { ...block, ...counted };
    await dropCopy(writer, table);
  }
}

/** Whether readers of this database can be given it as it was at one instant, at no cost to those who write. */
export async function allowsSnapshots(connection: Connection): Promise<boolean> {
  const row = await connection.first(
    'SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()',
  );
  return asNumber(row?.[0]) === 1;
}

/**
 * Marks every pending change as `number` and opens a reading of the database at that very instant: what the snapshot
 * sees pending beside the marked lines was committed since, and is marked too. Nobody waits.
 */
async function markInSnapshot(
  writer: Connection,
  reader: Connection,
  tables: readonly MssqlTable[],
  number: number,
): Promise<void> {
  await writer.givingWay(async () => {
    await takeLedger(writer, number);
    for (const table of tables) await markPending(writer, table, number, 'WITH (READPAST)');
  });
  await reader.run('SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION');
  for (const table of tables) {
    const late = await reader.all(`SELECT seq FROM ${logOf(logNumber(table))} WHERE sent_in IS NULL`);
    for (let from = 0; from < late.length; from += LINES_AT_ONCE) {
      const lines = late.slice(from, from + LINES_AT_ONCE).map(([seq]) => asText(seq));
      await writer.run(
        `UPDATE ${logOf(logNumber(table))} SET sent_in = ${String(number)} WHERE seq IN (${lines.join(', ')})`,
      );
    }
  }
}

const LINES_AT_ONCE = 1000;

/** Nobody writes into this table for the rest of the transaction under way, and what others wrote is there for good. */
export const holdStill = (connection: Connection, { object }: MssqlTable): Promise<void> =>
  connection.run(`DECLARE @n int; SELECT TOP (1) @n = 1 FROM ${object} WITH (TABLOCK, HOLDLOCK)`);

/**
 * Where snapshots are not allowed: marks every pending change and copies what they speak of aside, while nobody can log
 * another. Who writes into these tables waits for the copy, not for its reading. A table is taken before its log, as the
 * application does: else it would wait for the log with the very row that the copy waits for.
 */
export async function markAndCopy(
  writer: Connection,
  tables: readonly MssqlTable[],
  number: number,
): Promise<Totals> {
  const totals = new Map<MssqlTable, number | null>();
  await writer.givingWay(async () => {
    for (const table of tables) await holdStill(writer, table);
    await takeLedger(writer, number);
    for (const table of tables) await markPending(writer, table, number, 'WITH (TABLOCKX)');
    for (const table of tables) {
      // A capture that was left half way has left its copy.
      await dropCopy(writer, table);
      await writer.run(pendingQuery(table, number, copyOf(table)));
      if ((await writer.first(`SELECT TOP (1) 1 FROM ${copyOf(table)}`)) !== null)
        totals.set(table, await countRows(writer, table));
    }
  });
  return totals;
}

/** How many rows tables have that changes speak of; null: too many to count. */
export type Totals = ReadonlyMap<MssqlTable, number | null>;

export const copyOf = (table: MssqlTable): string => `#captured_${String(logNumber(table))}`;

const dropCopy = (writer: Connection, table: MssqlTable): Promise<void> =>
  writer.run(`IF OBJECT_ID('tempdb..${copyOf(table)}') IS NOT NULL DROP TABLE ${copyOf(table)}`);

async function takeLedger(writer: Connection, number: number): Promise<void> {
  await writer.run(`UPDATE ${LEDGER} SET round = ${String(number)} WHERE round IS NULL`);
  await writeState(writer, { lastMarked: number });
}

const markPending = (writer: Connection, table: MssqlTable, number: number, hint: string): Promise<void> =>
  writer.run(
    `UPDATE ${logOf(logNumber(table))} ${hint} SET sent_in = ${String(number)} WHERE sent_in IS NULL`,
  );

export async function release(
  writer: Connection,
  tables: readonly MssqlTable[],
  number: number,
): Promise<void> {
  await writer.givingWay(async () => {
    for (const table of tables) {
      await writer.run(
        `UPDATE ${logOf(logNumber(table))} SET sent_in = NULL WHERE sent_in = ${String(number)}`,
      );
    }
    await writer.run(`UPDATE ${LEDGER} SET round = NULL WHERE round = ${String(number)}`);
    await writeState(writer, { lastMarked: number - 1 });
  });
}
