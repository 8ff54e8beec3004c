import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOCK_CHANGES, type Block } from '../../src/batch/block';
import { openBatch } from '../../src/batch/reader';
import { createBatchWriter } from '../../src/batch/writer';
import { memberBlock, memberRows } from './batch-rows';

export interface BatchFigures {
  readonly rows: number;
  readonly encodedPerSecond: number;
  readonly decodedPerSecond: number;
  readonly bytesPerRow: number;
  readonly xzBytesPerRow: number;
}

/** Rows a second and bytes a row of the batch format, beside the same rows as CSV through `xz -6`. */
export async function measureBatch(rows: number): Promise<BatchFigures> {
  const all = [...memberRows(rows)];
  const csv = all.map((row) => row.join(',')).join('\n');
  const xz = execFileSync('xz', ['-6', '-c'], { input: csv, maxBuffer: 1 << 30 }).length;
  const blocks: Block[] = [];
  for (let at = 0; at < rows; at += BLOCK_CHANGES)
    blocks.push(memberBlock(all.slice(at, at + BLOCK_CHANGES), at));
  const folder = await mkdtemp(join(tmpdir(), 'batch-bench-'));
  try {
    const file = join(folder, 'bench.batch');
    const started = performance.now();
    const writer = createBatchWriter(file, {
      format: 1,
      application: 'bench',
      kind: 'batch',
      origin: 1,
      number: 1,
      base: 0,
      fingerprints: {},
      clockOffset: 0,
    });
    for (const block of blocks) await writer.write(block);
    const { size } = await writer.finish();
    const written = performance.now();
    const reader = await openBatch(file);
    let read = 0;
    for await (const block of reader.blocks()) read += block.changes.length;
    await reader.close();
    const ended = performance.now();
    if (read !== rows) throw new Error(`${read} rows read`);
    return {
      rows,
      encodedPerSecond: Math.round(rows / ((written - started) / 1000)),
      decodedPerSecond: Math.round(rows / ((ended - written) / 1000)),
      bytesPerRow: size / rows,
      xzBytesPerRow: xz / rows,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
