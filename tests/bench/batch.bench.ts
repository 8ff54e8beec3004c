/** `npx vitest bench --run tests/bench/batch.bench.ts`: prints the figures; the timing of the whole says nothing. */
import { bench } from 'vitest';
import { measureBatch } from './batch-figures';

const ROWS = 200_000;

bench(
  `batch of ${ROWS} member rows`,
  async () => {
    console.log(JSON.stringify(await measureBatch(ROWS)));
  },
  { iterations: 3, time: 0, warmupIterations: 0, warmupTime: 0 },
);
