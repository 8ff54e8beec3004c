import type { Block, Value } from '../batch/block';
import { roundMark, type Manifest } from '../batch/manifest';
import { openBatch } from '../batch/reader';
import type { Database, Question, StagedChange, Table, Unseen } from '../database/port';
import { SyncError } from '../shared/errors';
import { isAsWanted } from './decide';
import { applyUntilAccepted } from './merge-batch';
import { heldTables } from './schema-differences';

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
  /** Of these, rows that the database refused beside one that the hub has not seen: they come with the next round. */
  readonly unwritten: number;
  /** Tables left out because they differ between this site and the hub. */
  readonly held: readonly string[];
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
  if (manifest.round <= state.position) return { written: new Map(), waiting: 0, unwritten: 0, held: [] };
  if (manifest.round > state.position + 1) {
    throw new SyncError('merge.roundMissing', { params: { round: state.position + 1 } });
  }
  const own = manifest.sites.find(({ site }) => site === options.site);
  const included = own?.batch ?? state.included;
  const unseen: Unseen = { at: 'site', included };
  const held = heldTables(options.tables, manifest.fingerprints);
  const waiting: Row[] = [];
  await database.stage(passing(options, held, waiting), { clockOffset: 0 });
  return database.transaction(async (transaction) => {
    const base = manifest.round - 1;
    let left = 0;
    let unwritten = 0;
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
      if (!isAsWanted(change)) await leave(change, here.sentIn);
    }
    await applyUntilAccepted(transaction, unseen, async ({ change }) => {
      unwritten += 1;
      await leave(change, null);
      return true;
    });
    for (const row of waiting) await ask(row, null);
    await transaction.recordPosition(manifest.round, included);
    await transaction.recordNumbers({ roundMark: roundMark(manifest) });
    return { written: await transaction.written(), waiting: left, unwritten, held: [...held] };
  });
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
