#!/usr/bin/env node
/**
 * `node build/system-packages.mjs [--runtime]`: what NW.js and its end-to-end tests need from Debian (--runtime: NW.js alone).
 * Root: installs what is missing. Anyone else: says what is missing and exits with 1.
 */
import { spawnSync } from 'node:child_process';
import { RUNTIME_LIBRARIES } from './debian-libraries.mjs';

const TESTS = [
  'xvfb',
  'xauth',
  'openbox',
  'xdotool',
  'poppler-utils',
  'fonts-dejavu-core',
  'curl',
  'lftp',
  'libfaketime',
  'nsis',
];

function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
  return query.status === 0 && query.stdout === 'installed';
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const result = spawnSync('apt-get', args, { stdio: 'inherit', env });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

if (process.platform !== 'linux' || spawnSync('dpkg-query', ['--version']).status !== 0) {
  console.log('Not a Debian system: nothing to install.');
  process.exit(0);
}

const wanted = process.argv.includes('--runtime') ? RUNTIME_LIBRARIES : [...RUNTIME_LIBRARIES, ...TESTS];
const missing = wanted.filter((name) => !isInstalled(name) && !isInstalled(`${name}t64`));
if (missing.length === 0) process.exit(0);
if (process.getuid?.() !== 0) {
  console.error(
    `Missing Debian packages. As root: apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
  process.exit(1);
}
console.log(`Installing ${missing.join(' ')}`);
apt('update', '-qq');
const isKnown = (name) => spawnSync('apt-cache', ['show', '--no-all-versions', name]).status === 0;
const named = missing.map((name) => (isKnown(`${name}t64`) ? `${name}t64` : name));
apt('install', '-y', '-qq', '--no-install-recommends', ...named);
