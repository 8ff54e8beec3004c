import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openBatch } from '../../src/batch/reader';
import { createBatchWriter } from '../../src/batch/writer';
import { interleaved, perSecond, seconds, type Bench } from './bench';
import { blocksOf, memberRows } from './member-rows';

const LEAST = 500_000;

/** The batch format: rows a second into a file and out of one, and bytes a row. */
export const batch: Bench = {
  name: 'batch',
  measure: async ({ folder, runs, rows: most }) => {
    const rows = most / 5;
    const all = [...memberRows(rows)];
    const csv = all.map((row) => row.join(',')).join('\n');
    const xz = execFileSync('xz', ['-6', '-c'], { input: csv, maxBuffer: 1 << 30 }).length;
    const blocks = blocksOf(all);
    const file = join(folder, 'bench.batch');
    let size = 0;
    const write = async (): Promise<void> => {
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
      ({ size } = await writer.finish());
    };
    const read = async (): Promise<void> => {
      const reader = await openBatch(file);
      let count = 0;
      for await (const block of reader.blocks()) count += block.changes.length;
      await reader.close();
      if (count !== rows) throw new Error(`${count} rows read`);
    };
    const times = await interleaved(
      runs,
      () => seconds(write),
      () => seconds(read),
    );
    const speed = (what: string, taken: number) => ({
      what,
      measured: perSecond(rows, taken),
      floor: '',
      ratio: null,
      goal: `at least ${LEAST.toLocaleString('en')} rows/s`,
      met: rows / taken >= LEAST,
    });
    return [
      speed('encode', times.floor),
      speed('decode', times.measured),
      {
        what: 'bytes a changed row',
        measured: (size / rows).toFixed(1),
        floor: `the same rows as CSV, xz -6: ${(xz / rows).toFixed(1)}`,
        ratio: size / xz,
        goal: 'at most 1',
        met: size <= xz,
      },
    ];
  },
};
