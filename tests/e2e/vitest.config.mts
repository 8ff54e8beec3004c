import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  // Not in this folder, where it would make a node_modules.
  cacheDir: path.join(import.meta.dirname, '../../node_modules/.vite'),
  test: {
    name: 'window',
    include: ['*.test.ts'],
    globalSetup: ['support/global-setup.ts'],
    // One window at a time, for they share the display's focus; after the other tests, which leave them no processor.
    fileParallelism: false,
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
