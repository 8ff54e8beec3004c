import type { Change, Value } from '../batch/block';
import { BLOCK_BYTES, BLOCK_CHANGES } from '../batch/block';
import type { CapturedBlock, Table } from './port';

/** Gathers captured changes of one table into blocks, those of each origin apart. */
export class BlockBuffer {
  readonly #table: Table;
  readonly #open = new Map<number, { changes: Change[]; bytes: number }>();

  constructor(table: Table) {
    this.#table = table;
  }

  /** Gives the block that this change fills up. */
  add(origin: number, change: Change): CapturedBlock | null {
    const buffer = this.#open.get(origin) ?? { changes: [], bytes: 0 };
    this.#open.set(origin, buffer);
    buffer.changes.push(change);
    buffer.bytes += sizeOf(change.values);
    if (buffer.changes.length < BLOCK_CHANGES && buffer.bytes < BLOCK_BYTES) return null;
    this.#open.delete(origin);
    return this.#block(origin, buffer.changes);
  }

  *rest(): Generator<CapturedBlock> {
    for (const [origin, { changes }] of this.#open) yield this.#block(origin, changes);
  }

  #block(origin: number, changes: readonly Change[]): CapturedBlock {
    const { name, columns, keyCount, additive } = this.#table;
    const block = { table: name, columns, keyCount, changes };
    return { origin, block: changes.some(({ adds }) => adds !== undefined) ? { ...block, additive } : block };
  }
}

function sizeOf(values: readonly Value[]): number {
  let bytes = 0;
  for (const value of values)
    bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  return bytes;
}
