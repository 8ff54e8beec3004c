import type { Manifest } from '../batch/manifest';
import { isMixed } from '../database/fingerprint';
import { RowEncoding } from '../compare/encoding';
import type { MergeTransaction, StagedChange, Table } from '../database/port';
import { stagedOf } from './staged';

/** What was read back of one table after a round was written. */
export interface TableProof {
  readonly table: string;
  /** Rows of the round that were written, and read back. */
  readonly rows: number;
  /** Of these, rows that are not the hub's. */
  readonly different: number;
  /** How many rows the table has here, and had at the hub; null where either cannot be told. */
  readonly totals: { readonly here: number; readonly hub: number } | null;
}

export interface ProofOptions {
  /** Those that the round was applied to. */
  readonly tables: readonly Table[];
  /** Changes written, by table. */
  readonly written: ReadonlyMap<string, number>;
  readonly included: number;
}

/**
 * Reads back, in the transaction that wrote them, the rows of a round, and counts the tables that it speaks of: it costs
 * as much as what was moved, and not as much as what there is.
 */
export async function proveTables(
  transaction: MergeTransaction,
  { fingerprints, totals = {} }: Manifest,
  { tables, written, included }: ProofOptions,
): Promise<readonly TableProof[]> {
  const proofs: TableProof[] = [];
  for (const table of tables) {
    const hub = totals[table.name];
    const rows = written.get(table.name) ?? 0;
    if (rows === 0 && hub === undefined) continue;
    const mixed = isMixed(table.fingerprint, fingerprints[table.name] ?? table.fingerprint);
    const different = rows === 0 ? 0 : await countDifferent(transaction, table, mixed);
    const here = hub === undefined ? null : await transaction.total(table.name, included);
    const counted = here === null || hub === undefined ? null : { here, hub };
    proofs.push({ table: table.name, rows, different, totals: counted });
  }
  return proofs;
}

async function countDifferent(transaction: MergeTransaction, table: Table, mixed: boolean): Promise<number> {
  const encoding = new RowEncoding(table, { mixed });
  const isWritten = ({ op, values, current }: StagedChange): boolean =>
    op === 'D'
      ? current === null
      : current !== null && values.every((value, at) => encoding.isSame(value, current[at] ?? null));
  let different = 0;
  for await (const change of stagedOf(transaction, table.name, 'doubtful'))
    if (!isWritten(change)) different += 1;
  return different;
}
