#!/usr/bin/env node
/**
 * `node build/system-packages.mjs [--runtime | --bench]`: what NW.js and the tests need from Debian (--runtime: NW.js alone;
 * --bench: the benchmark too, with the programs that it measures beside ours).
 * Root: installs what is missing. Anyone else: says what is missing and exits with 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  'ncftp',
  'libfaketime',
  'nsis',
];
const BENCH = ['iproute2', 'python3', 'sqlite3', 'sqlite3-tools', 'xz-utils'];
/** Unpacked here, not installed: they exclude each other, and would start at once on port 21. */
const SERVERS = ['vsftpd', 'proftpd-core', 'proftpd-mod-crypto'];
const SERVERS_FOLDER = '/opt/synchronisation-tests';

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

/** Libraries that the servers are linked with, as Debian says it. */
function librariesOf(names) {
  const { stdout } = spawnSync('apt-cache', ['depends', '--important', ...names], { encoding: 'utf8' });
  return [...new Set([...stdout.matchAll(/Depends: (lib\S+)/g)].map(([, name]) => name))];
}

function unpackServers() {
  const folder = mkdtempSync(join(tmpdir(), 'synchronisation-servers-'));
  const run = (command, ...args) => {
    if (spawnSync(command, args, { cwd: folder, stdio: 'inherit' }).status !== 0) process.exit(1);
  };
  run('apt-get', 'download', '-qq', ...SERVERS);
  for (const file of readdirSync(folder)) run('dpkg-deb', '-x', file, SERVERS_FOLDER);
  rmSync(folder, { recursive: true });
}

const isForTests = !process.argv.includes('--runtime');
const lacksServers = isForTests && !existsSync(join(SERVERS_FOLDER, 'usr/sbin/proftpd'));
const wanted = [
  ...RUNTIME_LIBRARIES,
  ...(isForTests ? TESTS : []),
  ...(process.argv.includes('--bench') ? BENCH : []),
];
const missing = wanted.filter((name) => !isInstalled(name) && !isInstalled(`${name}t64`));
if (missing.length === 0 && !lacksServers) process.exit(0);
if (process.getuid?.() !== 0) {
  // Their tests are left out where the servers are not there.
  if (missing.length === 0) process.exit(0);
  console.error(
    `Missing Debian packages. As root: apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
  process.exit(1);
}
apt('update', '-qq');
if (lacksServers) {
  unpackServers();
  missing.push(...librariesOf(SERVERS).filter((name) => !isInstalled(name)));
}
console.log(`Installing ${missing.join(' ')}`);
const isKnown = (name) => spawnSync('apt-cache', ['show', '--no-all-versions', name]).status === 0;
const named = missing.map((name) => (isKnown(`${name}t64`) ? `${name}t64` : name));
if (named.length > 0) apt('install', '-y', '-qq', '--no-install-recommends', ...named);
