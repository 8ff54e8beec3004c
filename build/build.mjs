#!/usr/bin/env node
/** `node build/build.mjs [folder]`: builds the whole product into dist/ (or the folder given). */
import { copyFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bundleApp, bundleNode, root } from './bundles.mjs';

const out = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
const app = path.join(out, 'app');

const entries = [
  { entry: 'src/cli.ts', file: 'synchro.js', executable: true },
  { entry: 'src/worker.ts', file: 'worker.js' },
  { entry: 'src/demo/main.ts', file: 'demo.js' },
];

async function bundleEntry({ entry, file, executable }) {
  const source = path.join(root, entry);
  if (!existsSync(source)) {
    console.warn(`${entry} does not exist yet: ${file} is left out`);
    return;
  }
  await bundleNode(source, path.join(out, file), { executable });
}

const started = performance.now();
await rm(out, { recursive: true, force: true });
await Promise.all([bundleApp(app), ...entries.map(bundleEntry)]);
// The engine's thread runs the worker.js that lies beside it: the app folder is then whole, and can be packaged as it is.
const worker = path.join(out, 'worker.js');
if (existsSync(worker)) await copyFile(worker, path.join(app, 'worker.js'));
console.log(
  `built into ${path.relative(process.cwd(), out)} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
