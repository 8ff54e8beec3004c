/** NW.js for a package, in the form in which nw-builder finds it in its cache. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { createGzip } from 'node:zlib';
import { ZipArchive } from 'archiver';
import { cache, downloaded } from './downloads.mjs';

const require = createRequire(import.meta.url);

const DOWNLOAD_SERVER = 'https://dl.nwjs.io';
/** Milliseconds that the download server is given to answer. */
const PATIENCE = 10_000;
const CHUNK = 1 << 20;

/** What serves developers alone, and Chromium's own words in languages that the program does not speak. */
const LEFT_OUT = /^(chromedriver|nwjc|minidump_stackwalk)(\.exe)?$|\.pak\.info$/;
const LANGUAGES = /^(fr|en-US|en-GB)\.pak$/;

/** Whether a file of NW.js, by its path in there, goes into a package. */
export function isDelivered(file) {
  const name = path.basename(file);
  if (path.basename(path.dirname(file)) === 'locales') return LANGUAGES.test(name);
  return !LEFT_OUT.test(name);
}

/**
 * Options for nw-builder. `system`: `linux` or `win`. The version is that of the `nw` package, in its normal flavour,
 * where the download server answers and `atHand` is not asked for; else the runtime inside `@nwjs-binaries`.
 */
export async function runtimeFor(system, { atHand }) {
  const { version } = require('nw/package.json');
  if (!atHand && (await isDownloadable(version)))
    return { version, flavor: 'normal', cacheDir: path.join(cache, 'nwjs-downloaded') };
  return packagedRuntime(system);
}

async function isDownloadable(version) {
  try {
    const url = `${DOWNLOAD_SERVER}/v${version}/SHASUMS256.txt`;
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) })).ok;
  } catch {
    return false;
  }
}

async function packagedRuntime(system) {
  const folder =
    system === 'linux'
      ? path.dirname(require.resolve('@nwjs-binaries/linux-x64/package.json'))
      : await downloaded('@nwjs-binaries/win-x64@0.87.0-sdk');
  const name = (await readdir(folder)).find((entry) => entry.startsWith('nwjs-sdk-v'));
  const version = /^nwjs-sdk-v([\d.]+)-/.exec(name)[1];
  const cacheDir = path.join(cache, 'nwjs-at-hand');
  const archive = path.join(cacheDir, `${name}.${system === 'linux' ? 'tar.gz' : 'zip'}`);
  await mkdir(path.join(cacheDir, 'shasum'), { recursive: true });
  if (!existsSync(archive)) {
    const part = `${archive}.part`;
    await (system === 'linux' ? tar : zip)(folder, name, part);
    await rename(part, archive);
  }
  await writeFile(
    path.join(cacheDir, 'shasum', `${version}.txt`),
    `${await digestOf(archive)}  ${path.basename(archive)}\n`,
  );
  return { version, flavor: 'sdk', cacheDir, manifestUrl: await writeVersions(cacheDir, version) };
}

async function writeVersions(cacheDir, version) {
  const file = path.join(cacheDir, 'versions.json');
  const known = { version: `v${version}`, files: ['linux-x64', 'win-x64'], flavors: ['normal', 'sdk'] };
  await writeFile(file, JSON.stringify({ versions: [known] }));
  return pathToFileURL(file).href;
}

async function tar(folder, name, file) {
  const files = await deliveredFiles(path.join(folder, name));
  const packing = spawn('tar', ['-c', '-C', folder, ...files.map((each) => path.relative(folder, each))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Not compressed: it is unpacked at once.
  await pipeline(packing.stdout, createGzip({ level: 0, chunkSize: CHUNK }), createWriteStream(file));
}

async function zip(folder, name, file) {
  const archive = new ZipArchive({ store: true });
  const written = pipeline(archive, createWriteStream(file));
  for (const each of await deliveredFiles(path.join(folder, name)))
    archive.append(await readFile(each), { name: path.relative(folder, each) });
  await archive.finalize();
  await written;
}

async function deliveredFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(isDelivered);
}

async function digestOf(file) {
  const digest = createHash('sha256');
  await pipeline(createReadStream(file), digest);
  return digest.digest('hex');
}
