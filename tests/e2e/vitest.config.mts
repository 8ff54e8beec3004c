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
    // A window waits half of its time; after the other tests, which leave it no processor.
    maxWorkers: 2,
    sequence: { groupOrder: 1 },
    // A window under load can miss a key, which no test can await: it is then pressed in a second try.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
