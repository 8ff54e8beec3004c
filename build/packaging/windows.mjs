/** The Windows packages: an archive to unpack anywhere, and an installer made by NSIS. */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ZipArchive } from 'archiver';
import { writeIcon } from './icon.mjs';

const run = promisify(execFile);

export async function makeZip(folder) {
  const file = `${folder}.zip`;
  const archive = new ZipArchive({ zlib: { level: 9 } });
  const written = pipeline(archive, createWriteStream(file));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = path.join(entry.parentPath, entry.name);
    archive.append(await readFile(source), { name: path.relative(path.dirname(folder), source) });
  }
  await archive.finalize();
  await written;
  return file;
}

/** `folder`: the program as it is to lie on the disk. Warnings of makensis are errors. */
export async function makeInstaller(folder, { version, out }) {
  const file = path.join(out, `synchronisation-${version}-setup.exe`);
  const defined = { VERSION: version, PROGRAM: folder, OUTPUT: file, ICON: await writeIcon(out) };
  const options = Object.entries(defined).map(([name, value]) => `-D${name}=${value}`);
  const script = path.join(import.meta.dirname, 'windows/installer.nsi');
  await run('makensis', ['-V2', '-WX', '-INPUTCHARSET', 'UTF8', ...options, script]);
  return file;
}
