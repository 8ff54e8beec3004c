import { availableParallelism } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './count-reporter.mjs';
import { licencesDefine } from './licences.mjs';

const root = path.dirname(import.meta.dirname);

/** Everything but the window runs side by side; the real windows come after them. */
export default defineConfig({
  root,
  define: await licencesDefine(),
  test: {
    reporters: ['default', new CountReporter()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['tests/{unit,contract,integration,simulation,sweep}/**/*.test.ts'],
          // Much of it waits for other processes: with one worker the second processor of a small machine idles.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      path.join(root, 'tests/e2e/vitest.config.mts'),
    ],
  },
});
