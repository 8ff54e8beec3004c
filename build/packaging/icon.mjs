import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../bundles.mjs';

const HEADER = 22;

/** The icon in the form of Windows, which since Vista may hold a PNG. Resolves to its file. */
export async function writeIcon(folder) {
  const png = await readFile(path.join(root, 'assets/icon.png'));
  const header = Buffer.alloc(HEADER);
  header.writeUInt16LE(1, 2); // an icon
  header.writeUInt16LE(1, 4); // of one picture; width and height 0 mean 256
  header.writeUInt16LE(1, 10);
  header.writeUInt16LE(32, 12);
  header.writeUInt32LE(png.length, 14);
  header.writeUInt32LE(HEADER, 18);
  const file = path.join(folder, 'synchronisation.ico');
  await writeFile(file, Buffer.concat([header, png]));
  return file;
}
