import { REPAIRED, type Block, type Value } from '../batch/block';
import { packValues } from '../database/json';
import type { MergeTransaction, NewJournalEntry } from '../database/port';
import { isAsWanted } from './decide';
import { journalGivenWay, stagedOf } from './staged';

/**
 * Rows of a batch that somebody at the site chose over the hub's, as they had compared them. They are merged as any
 * other; what they replace goes into the hub's journal.
 */
export class Repaired {
  readonly #keys = new Map<string, Set<string>>();

  /** The blocks as they are merged, each repaired row noted by the way. */
  async *watch(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
    for await (const block of blocks) {
      if (!block.changes.some(({ base }) => base === REPAIRED)) yield block;
      else yield { ...block, changes: block.changes.map((change) => this.#plain(block, change)) };
    }
  }

  /** Before the rows are written; what is settled otherwise has gone its usual way. Resolves to how many give way. */
  async journal(
    transaction: MergeTransaction,
    author: number,
    at: Pick<NewJournalEntry, 'at' | 'site' | 'batch'>,
  ): Promise<number> {
    let count = 0;
    for (const [table, keys] of this.#keys) {
      for await (const change of stagedOf(transaction, table)) {
        const key = packValues(change.values.slice(0, change.keyCount));
        if (!keys.has(key) || isAsWanted(change)) continue;
        const winningRow = change.op === 'D' ? null : change.values;
        const sides = { winner: author, loser: 0, winningRow, losingRow: change.current };
        await journalGivenWay(transaction, change, { ...sides, ...at });
        if (change.current !== null) count += 1;
      }
    }
    return count;
  }

  #plain<C extends { readonly base: number | null; readonly values: readonly Value[] }>(
    { table, keyCount }: Block,
    change: C,
  ): C {
    if (change.base !== REPAIRED) return change;
    const keys = this.#keys.get(table) ?? new Set();
    this.#keys.set(table, keys.add(packValues(change.values.slice(0, keyCount))));
    return { ...change, base: null };
  }
}
