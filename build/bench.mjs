#!/usr/bin/env node
/**
 * `npm run bench`: bundles tests/bench/run.ts and the programs it measures as they are shipped, and runs it. Options of
 * Node's own pass on to all of them: `node --cpu-prof --cpu-prof-dir=/tmp/profiles build/bench.mjs session`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { bundleNode, root } from './bundles.mjs';

// Anyone else measures what can be measured with what is there.
if (process.getuid?.() === 0)
  execFileSync(process.execPath, [path.join(root, 'build/system-packages.mjs'), '--bench'], {
    stdio: 'inherit',
  });

const programs = {
  'run.js': 'tests/bench/run.ts',
  'hub-process.js': 'tests/support/hub-process.ts',
  'attackers.js': 'tests/support/attackers.ts',
  'synchro.js': 'src/cli.ts',
};

// Under node_modules, where their packages are found, by NW.js too.
const cache = path.join(root, 'node_modules/.cache');
await mkdir(cache, { recursive: true });
const folder = await mkdtemp(path.join(cache, 'bench-'));
try {
  for (const [name, entry] of Object.entries(programs))
    await bundleNode(path.join(root, entry), path.join(folder, name));
  for (const name of ['peak-memory.cjs', 'lossy-line.py', 'pouchdb.cjs'])
    await copyFile(path.join(root, 'tests/bench', name), path.join(folder, name));
  const product = path.join(folder, 'product');
  execFileSync(process.execPath, [path.join(root, 'build/build.mjs'), product], { stdio: 'ignore' });
  const child = spawn(
    process.execPath,
    [...process.execArgv, path.join(folder, 'run.js'), ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
