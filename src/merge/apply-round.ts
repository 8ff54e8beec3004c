import type { Block, Value } from '../batch/block';
import { roundMark, sinceOf, type Manifest } from '../batch/manifest';
import { openBatch } from '../batch/reader';
import type { Contested, Database, Question, StagedChange, Table, Unseen, Violation } from '../database/port';
import { SyncError } from '../shared/errors';
import { isAsWanted } from './decide';
import { applyUntilAccepted } from './apply-until-accepted';
import { proveTables, type TableProof } from './proof';
import { withMark } from '../database/round-marks';
import { heldTables, whyHeld, type HeldReason } from './schema-differences';

export interface RoundOptions {
  readonly site: number;
  readonly tables: readonly Table[];
  /** Files of the segments that concern this site. */
  readonly files: readonly string[];
  /** Called as changes are laid ready. */
  readonly onProgress?: (changes: number) => void;
}

export interface RoundOutcome {
  /** Changes written, by table. */
  readonly written: ReadonlyMap<string, number>;
  /** Rows left as they are here until the hub has seen what was done to them. */
  readonly waiting: number;
  /** Of these, rows that the database refused: they are asked for again. */
  readonly unwritten: readonly UnwrittenRows[];
  /** Tables left out because they differ between this site and the hub. */
  readonly held: readonly string[];
  /** What was read back of each table that the round speaks of. */
  readonly proofs: readonly TableProof[];
  /** Why they were left out. */
  readonly reasons: readonly HeldReason[];
}

export interface UnwrittenRows {
  readonly table: string;
  /** As in the journal of the hub. */
  readonly reason: string;
  readonly rows: number;
}

/** A row to ask about. */
type Row = Pick<Question, 'table' | 'keyColumns' | 'key'>;

/**
 * Applies one round to a site's database, in one transaction with the site's position; one that was applied already is
 * left. Rejects with `merge.roundMissing` {round} where one before it was not. A row that was changed here
 * and that the hub has not yet seen stays: the site asks for the hub's word on it, and the hub, which sees both, decides.
 */
export async function applyRound(
  database: Database,
  manifest: Manifest,
  options: RoundOptions,
): Promise<RoundOutcome> {
  const state = await database.state();
  if (state === null) throw new SyncError('database.notPrepared');
  if (manifest.round <= state.position)
    return { written: new Map(), waiting: 0, unwritten: [], held: [], reasons: [], proofs: [] };
  if (sinceOf(manifest) > state.position) {
    throw new SyncError('merge.roundMissing', { params: { round: state.position + 1 } });
  }
  const own = manifest.sites.find(({ site }) => site === options.site);
  const included = own?.batch ?? state.included;
  const unseen: Unseen = { at: 'site', included };
  const held = heldTables(options.tables, manifest.fingerprints);
  const waiting: Row[] = [];
  await database.stage(passing(options, held, waiting), { clockOffset: 0 });
  return database.transaction(async (transaction) => {
    const base = state.position;
    let left = 0;
    const unwritten: Omit<UnwrittenRows, 'rows'>[] = [];
    const ask = async (row: Row, until: number | null): Promise<void> => {
      left += 1;
      await transaction.ask({ ...row, base, until });
    };
    const leave = async (change: StagedChange, until: number | null): Promise<void> => {
      await transaction.settle(change, { write: false, toEveryone: false });
      await ask(rowOf(change), until);
    };
    // First of all: what the hub left out of a batch is pending again, so nothing may be written over it.
    for (const { table, batch } of own?.declined ?? []) await transaction.takeBack(table, batch);
    for (const { change, here } of await transaction.contested(unseen)) {
      if (!isAsWanted(change) || addsTo(change, here, options.tables)) await leave(change, here.sentIn);
    }
    await applyUntilAccepted(transaction, unseen, async (violation) => {
      unwritten.push({ table: violation.change.table, reason: reasonOf(violation) });
      await leave(violation.change, null);
      return true;
    });
    for (const row of waiting) await ask(row, null);
    const written = await transaction.written();
    const tables = options.tables.filter(({ name }) => !held.has(name));
    const proofs = await proveTables(transaction, manifest, { tables, written, included });
    await transaction.recordPosition(manifest.round, included);
    const roundMarks = withMark(state.roundMarks, manifest.round, roundMark(manifest));
    await transaction.recordNumbers({ roundMarks });
    return {
      written,
      waiting: left,
      unwritten: counted(unwritten),
      held: [...held],
      proofs,
      reasons: whyHeld(options.tables, manifest, held),
    };
  });
}

/** As a journal calls it; a row that others refer to cannot go. */
export const reasonOf = (violation: Violation): string =>
  violation.kind === 'refused' ? violation.reason : 'foreignKey';

function counted(rows: readonly Omit<UnwrittenRows, 'rows'>[]): UnwrittenRows[] {
  const counts = new Map<string, UnwrittenRows>();
  for (const { table, reason } of rows) {
    const id = `${reason} ${table}`;
    counts.set(id, { table, reason, rows: (counts.get(id)?.rows ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** Whether what was done here moved an additive column: that two places come to the same sum does not make it theirs. */
function addsTo(
  { table, columns }: StagedChange,
  { marks }: Contested['here'],
  tables: readonly Table[],
): boolean {
  const additive = tables.find(({ name }) => name === table)?.additive ?? [];
  return additive.some((column) => marks[columns.indexOf(column)] === '1');
}

/** Blocks of tables that can be applied; of the others, the rows to ask for. */
async function* passing(
  options: RoundOptions,
  held: ReadonlySet<string>,
  waiting: Row[],
): AsyncGenerator<Block> {
  for (const file of options.files) {
    const reader = await openBatch(file);
    try {
      for await (const block of reader.blocks()) {
        if (!held.has(block.table)) yield block;
        else waiting.push(...rowsOf(block));
        options.onProgress?.(block.changes.length);
      }
    } finally {
      await reader.close();
    }
  }
}

const rowsOf = (block: Block): Row[] => block.changes.map(({ values }) => rowOf({ ...block, values }));

const rowOf = (change: Omit<Block, 'changes'> & { readonly values: readonly Value[] }): Row => ({
  table: change.table,
  keyColumns: change.columns.slice(0, change.keyCount),
  key: change.values.slice(0, change.keyCount),
});
