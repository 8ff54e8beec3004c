import type { Block, Change } from '../batch/block';
import { BlockBuffer } from '../database/block-buffer';
import type { Table } from '../database/port';

/** Changes of one table in blocks. */
export async function* inBlocks(table: Table, changes: AsyncIterable<Change>): AsyncGenerator<Block> {
  const buffer = new BlockBuffer(table);
  for await (const change of changes) {
    const full = buffer.add(0, change);
    if (full !== null) yield full.block;
  }
  for (const { block } of buffer.rest()) yield block;
}
