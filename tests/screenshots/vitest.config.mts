import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run screenshots`: the pictures of the help, from the real window with the stub as engine. */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: path.join(import.meta.dirname, '../../node_modules/.vite'),
  test: {
    name: 'screenshots',
    include: ['*.shots.ts'],
    globalSetup: ['../e2e/support/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
