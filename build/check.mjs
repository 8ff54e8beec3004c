#!/usr/bin/env node
/** `npm run check`: types, lint, the arrows between folders and the format, beside each other. Exits with 1 where one is wrong. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The lint knows all types and takes as long as the others together. */
const LANES = [
  ['eslint -c build/eslint.config.mjs .'],
  [
    'tsc -p .',
    'vue-tsc -p app',
    'depcruise -c build/dependency-cruiser.cjs src app',
    'prettier --check . --log-level warn',
  ],
];

async function passes(command) {
  const [code] = await once(spawn(command, { shell: true, stdio: 'inherit' }), 'exit');
  if (code !== 0) console.error(`${command}: exit code ${code}`);
  return code === 0;
}

const lanes = await Promise.all(
  LANES.map(async (commands) => {
    let all = true;
    for (const command of commands) all = (await passes(command)) && all;
    return all;
  }),
);
if (!lanes.every(Boolean)) process.exitCode = 1;
