import type { Block } from '../batch/block';
import { isMixed } from '../database/fingerprint';
import type { Table } from '../database/port';
import type { Fingerprints } from './schema-differences';

/**
 * Tables all of whose changes in a batch the hub writes as they came, and logs in one line each: what it has to say of
 * them are the very blocks of the batch. Not so where another kind of database may keep a value in another way, where a
 * change asks, goes on from a word of its own or adds to a column, nor where the hub decides. A deletion of what is gone
 * already is logged in no line, so that no table with a deletion is one of them.
 */
export class PlainTables {
  readonly #plain = new Map<string, boolean>();
  readonly #mixed: ReadonlySet<string>;

  constructor(tables: readonly Table[], theirs: Fingerprints) {
    this.#mixed = new Set(
      tables.flatMap(({ name, fingerprint }) => (isMixed(fingerprint, theirs[name] ?? '') ? [name] : [])),
    );
  }

  /** The same blocks; what they speak of is noted. */
  async *watch(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
    for await (const block of blocks) {
      const before = this.#plain.get(block.table) ?? !this.#mixed.has(block.table);
      this.#plain.set(block.table, before && isPlain(block));
      yield block;
    }
  }

  /** A change of this table was decided. */
  settled(table: string): void {
    this.#plain.set(table, false);
  }

  /** The database refused a row, for which others may be kept or brought back. */
  refused(): void {
    this.#plain.clear();
  }

  get names(): ReadonlySet<string> {
    return new Set([...this.#plain].flatMap(([table, plain]) => (plain ? [table] : [])));
  }
}

const isPlain = ({ additive, changes }: Block): boolean =>
  additive === undefined && changes.every(({ op, base }) => (op === 'I' || op === 'U') && base === null);
