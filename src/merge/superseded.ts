import type { Block } from '../batch/block';
import type { Database, JournalEntry } from '../database/port';
import { rowId, waitingOf } from './waiting-rows';

/** Refused rows that wait and that their author has changed since: what it wrote last is what counts. */
export class Superseded {
  readonly ids = new Set<number>();
  readonly #waiting = new Map<string, number[]>();
  readonly #tables = new Set<string>();

  static async of(database: Database, author: number): Promise<Superseded> {
    const superseded = new Superseded();
    for (const entry of await waitingOf(database)) {
      if (entry.loser === author) superseded.#add(entry);
    }
    return superseded;
  }

  /** The same blocks; what they speak of is noted. */
  async *watch(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
    for await (const block of blocks) {
      if (this.#tables.has(block.table)) this.#meet(block);
      yield block;
    }
  }

  #add({ id, table, key }: JournalEntry): void {
    const row = rowId(table, key);
    this.#tables.add(table);
    this.#waiting.set(row, [...(this.#waiting.get(row) ?? []), id]);
  }

  #meet({ table, keyCount, changes }: Block): void {
    for (const { op, values } of changes) {
      if (op === 'R') continue;
      for (const id of this.#waiting.get(rowId(table, values.slice(0, keyCount))) ?? []) this.ids.add(id);
    }
  }
}
