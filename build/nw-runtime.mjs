/** Finds NW.js: the runtime that the `nw` package downloaded, else the one inside `@nwjs-binaries/<system>-x64`. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const SYSTEMS = { linux: 'linux', win32: 'win', darwin: 'osx' };
const suffix = process.platform === 'win32' ? '.exe' : '';

/** `{ folder, nw, chromedriver }`; chromedriver is null when the runtime is not of the SDK flavour. */
export function findRuntime() {
  for (const folder of [...downloadedFolders(), ...packagedFolders()]) {
    const nw = path.join(folder, `nw${suffix}`);
    if (!existsSync(nw)) continue;
    const chromedriver = path.join(folder, `chromedriver${suffix}`);
    return { folder, nw, chromedriver: existsSync(chromedriver) ? chromedriver : null };
  }
  throw new Error('No NW.js runtime: run `npm install` again; it brings nw and @nwjs-binaries.');
}

/** Arguments that this machine asks for: Chromium refuses its sandbox to root, and there is rarely a GPU then. */
export function machineArguments() {
  return process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : [];
}

function downloadedFolders() {
  return runtimeFolders('nw');
}

function packagedFolders() {
  return runtimeFolders(`@nwjs-binaries/${SYSTEMS[process.platform] ?? process.platform}-x64`);
}

function runtimeFolders(packageName) {
  const folder = packageFolder(packageName);
  if (folder === null) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('nwjs'))
    .map((name) => path.join(folder, name));
}

function packageFolder(packageName) {
  for (const modules of require.resolve.paths(packageName) ?? []) {
    const folder = path.join(modules, packageName);
    if (existsSync(folder)) return folder;
  }
  return null;
}
