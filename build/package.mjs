#!/usr/bin/env node
/** `node build/package.mjs [linux] [windows]`: the packages of the product, into out/. Both systems unless one is named. */
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from './bundles.mjs';
import { makeArchive, makeDebianPackage } from './packaging/linux.mjs';
import { makeProgramFolder } from './packaging/program-folder.mjs';
import { makeInstaller, makeZip } from './packaging/windows.mjs';

const SYSTEMS = {
  async linux(made) {
    return [await makeArchive(made.folder), await makeDebianPackage(made.folder, made)];
  },
  async windows(made, out) {
    return [await makeZip(made.folder), await makeInstaller(made.folder, { ...made, out })];
  },
};

const out = path.join(root, 'out');
const product = path.join(out, 'product');
const named = process.argv.slice(2);
const systems = named.length === 0 ? Object.keys(SYSTEMS) : named;
const unknown = systems.find((name) => !Object.hasOwn(SYSTEMS, name));
if (unknown !== undefined) throw new Error(`no packages for ${unknown}: linux or windows`);

await mkdir(out, { recursive: true });
const built = spawnSync(process.execPath, [path.join(import.meta.dirname, 'build.mjs'), product], {
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(1);
for (const system of systems) {
  const made = await makeProgramFolder(system === 'windows' ? 'win' : 'linux', { out, product });
  console.log(`${system}: NW.js ${made.runtime.version}, ${made.runtime.flavor} flavour`);
  for (const file of await SYSTEMS[system](made, out)) console.log(path.relative(process.cwd(), file));
}
