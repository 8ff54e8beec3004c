import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { licencesDefine } from '../../build/licences.mjs';

/** `npm run sweep`: the whole fault sweep, which takes hours; of it, `npm test` runs a sample. */
export default defineConfig({
  root: path.join(import.meta.dirname, '../..'),
  cacheDir: path.join(import.meta.dirname, '../../node_modules/.vite'),
  define: await licencesDefine(),
  test: { name: 'sweep', include: ['tests/sweep/*.sweep.ts'], hookTimeout: 60_000 },
});
