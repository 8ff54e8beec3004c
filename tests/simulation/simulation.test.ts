import fc from 'fast-check';
import { expect, test } from 'vitest';
import { simulate } from './simulate';

/** A failure prints its seed: `simulate(seed)` plays that very history again. */
test('whatever people do and wherever power goes, all databases end alike and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 })), async (seed) => {
      expect({ seed, ...(await simulate(seed)) }).toEqual({ seed, different: [], lost: [] });
    }),
    { numRuns: 25, seed: 20_261_124 },
  );
}, 240_000);
