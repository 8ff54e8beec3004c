import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Block, Change } from '../batch/block';
import { createBatchWriter } from '../batch/writer';
import type { Table } from '../database/port';
import { sameValue } from '../merge/decide';
import { compareTables, type ComparedTable, type CompareOptions } from './compare';
import type { Difference } from './differences';
import { settleRepair, type RepairedTable } from './settle-repair';

export interface RepairOptions extends Omit<CompareOptions, 'onDifferences'> {
  /** Whose rows hold. */
  readonly right: 'hub' | 'site';
  /** These rows alone (`Difference.id`); null: all that differ. */
  readonly rows: ReadonlySet<string> | null;
  readonly site: number;
  readonly application: string;
}

const ROWS_AT_ONCE = 1000;

/**
 * Compares anew, and makes what differs what one side says, in one transaction. Where the hub is right its rows are
 * written as a round's would be; where the site is right its rows go to the hub with the next batch. The row that
 * gives way goes, whole, into the journal here, in that same transaction.
 */
export async function repairTables(options: RepairOptions): Promise<readonly RepairedTable[]> {
  const file = join(options.folder, 'repair.batch');
  await mkdir(options.folder, { recursive: true });
  try {
    await writeHubRows(file, options);
    return await settleRepair(file, { ...options, now: options.clock.now() });
  } finally {
    await rm(file, { force: true });
  }
}

/** The hub's view of what differs: its row with the columns that differ marked, or the deletion of one it has not. */
export async function writeHubRows(
  file: string,
  options: Omit<RepairOptions, 'right'>,
): Promise<readonly ComparedTable[]> {
  const { rows, application, site } = options;
  const state = await options.database.state();
  const writer = createBatchWriter(file, {
    format: 1,
    application,
    kind: 'segment',
    origin: site,
    number: 1,
    base: state?.position ?? 0,
    fingerprints: {},
    clockOffset: 0,
  });
  const onDifferences = async (table: Table, differences: readonly Difference[]): Promise<void> => {
    const chosen = differences.filter(({ id }) => rows === null || rows.has(id));
    for (const block of blocksOf(table, chosen)) await writer.write(block);
  };
  try {
    const compared = await compareTables({ ...options, onDifferences });
    await writer.finish();
    return compared;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function* blocksOf(table: Table, differences: readonly Difference[]): Generator<Block> {
  const { name, columns, keyCount } = table;
  for (let from = 0; from < differences.length; from += ROWS_AT_ONCE) {
    const changes = differences.slice(from, from + ROWS_AT_ONCE).map(changeOf);
    yield { table: name, columns, keyCount, changes };
  }
}

function changeOf({ key, here, hub }: Difference): Change {
  const fixed = { changedAt: 0, base: null };
  if (hub === null) return { ...fixed, op: 'D', marks: '', values: key };
  const marks = hub.map((value, at) => (here !== null && sameValue(value, here[at] ?? null) ? '0' : '1'));
  return { ...fixed, op: 'U', marks: marks.join(''), values: hub };
}
