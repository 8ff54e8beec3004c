import { expect, test } from 'vitest';
import { simulate } from '../../build/simulate.mjs';

const SEED = 20_261_124;
const HISTORIES = 1000;

/** A history that goes wrong is told with its seed: `npm run simulate -- --seed N --count 1` tells its story. */
test('whatever people do and whatever fails, all databases end alike and nothing is lost', async () => {
  expect(await simulate({ seed: SEED, count: HISTORIES })).toEqual([]);
}, 600_000);
