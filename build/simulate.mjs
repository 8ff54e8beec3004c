#!/usr/bin/env node
/**
 * `node build/simulate.mjs --seed N --count N [--story]`: plays histories of the simulation machine on every core. One
 * seed is one history: `--seed N --count 1` tells its story.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleNode, root } from './bundles.mjs';

const simulation = path.join(root, 'tests/simulation');
const machine = path.join(simulation, 'machine');

/** What the machine owns instead of the system: the engine's own code gets these in their place. */
const owned = {
  'node:fs': 'fs.ts',
  'node:fs/promises': 'fs-promises.ts',
  'node:zlib': 'zlib.ts',
  '@photostructure/sqlite': 'sqlite.ts',
};

/** Globals that it owns likewise, in every file that names one of them. */
const timers = /\b(?:set|clear)Interval\(/;

const ownership = {
  name: 'simulation-machine',
  enforce: 'pre',
  transform(code, file) {
    if (file.startsWith(simulation) || file.includes('node_modules')) return null;
    const its = code.replace(/from '([^']+)'/g, (found, source) =>
      Object.hasOwn(owned, source) ? `from '${path.join(machine, owned[source])}'` : found,
    );
    return timers.test(its)
      ? `import { setInterval, clearInterval } from '${path.join(machine, 'timers.ts')}';\n${its}`
      : its;
  },
};

export function bundleSimulation(file) {
  return bundleNode(path.join(simulation, 'main.ts'), file, { plugins: [ownership] });
}

/** Plays `count` histories from `seed` on, told as they end; resolves to those that went wrong. */
export async function simulate({
  seed,
  count,
  workers = availableParallelism(),
  story = false,
  onLine = () => undefined,
}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'simulate-'));
  try {
    const script = path.join(folder, 'main.js');
    await bundleSimulation(script);
    const share = Math.ceil(count / workers);
    const parts = Array.from({ length: workers }, (_, at) => ({
      from: seed + at * share,
      length: Math.min(share, count - at * share),
    })).filter(({ length }) => length > 0);
    const failed = await Promise.all(
      parts.map(({ from, length }) => play(script, from, length, story, onLine)),
    );
    return failed.flat();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function play(script, from, length, story, onLine) {
  return new Promise((resolve, reject) => {
    const child = fork(script, [String(from), String(length), ...(story ? ['story'] : [])], {
      execArgv: ['--max-semi-space-size=32'],
      env: { ...process.env, NODE_PATH: path.join(root, 'node_modules') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const failed = [];
    child.on('message', (failure) => {
      failed.push(failure);
      onLine(failure);
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(failed) : reject(new Error(`a worker ended with ${code}`)),
    );
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '1000' },
      story: { type: 'boolean', default: false },
    },
  });
  const [seed, count] = [Number(values.seed), Number(values.count)];
  const started = performance.now();
  const failed = await simulate({
    seed,
    count,
    story: values.story || count === 1,
    onLine: ({ seed: history, findings }) => console.log(`seed ${history}:\n  ${findings.join('\n  ')}`),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${count} histories from seed ${seed} in ${seconds} s: ${failed.length} went wrong`);
  if (failed.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
