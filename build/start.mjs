#!/usr/bin/env node
/** `node build/start.mjs [--data DIR …]`: builds, then starts NW.js with the application folder and hands it the arguments. */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { findRuntime, machineArguments } from './nw-runtime.mjs';

const built = spawnSync(process.execPath, [path.join(import.meta.dirname, 'build.mjs')], {
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(1);

const app = path.join(import.meta.dirname, '../dist/app');
const child = spawn(findRuntime().nw, [...machineArguments(), app, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
