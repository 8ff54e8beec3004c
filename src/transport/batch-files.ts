import { mkdir, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../shared/disk-error';
import { finalName, parseFinalName } from './names';

/** Numbers of the complete batches in a folder, ascending; a folder that does not exist holds none. Rejects with `disk.*`. */
export async function batchesIn(folder: string): Promise<number[]> {
  return numbersIn(folder, (name) => parseFinalName('batches', name));
}

export async function numbersIn(folder: string, parse: (name: string) => number | null): Promise<number[]> {
  return (await namesIn(folder))
    .map(parse)
    .filter((number) => number !== null)
    .sort((a, b) => a - b);
}

/** None where there is no such folder. Rejects with `disk.*`. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw diskError(error, folder);
  });
}

export const batchFile = (folder: string, batch: number): string => join(folder, finalName('batches', batch));

/** In bytes. Rejects with `disk.*`. */
export async function sizeOf(file: string): Promise<number> {
  const { size } = await stat(file).catch(throwDiskError(file));
  return size;
}

/** Rejects with `disk.*`. */
export async function emptyFolder(folder: string): Promise<void> {
  await removeFolder(folder);
  await makeFolder(folder);
}

/** Rejects with `disk.*`. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(throwDiskError(folder));
}

/** Makes the folders above it too; one that is there stays. Rejects with `disk.*`. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch(throwDiskError(folder));
}

/** Removes the batches of a folder up to `last` that were last written before `before` (ms, UTC). Rejects with `disk.*`. */
export async function pruneBatches(folder: string, last: number, before: number): Promise<void> {
  for (const batch of await batchesIn(folder)) {
    const file = batchFile(folder, batch);
    if (batch > last) continue;
    const { mtimeMs } = await stat(file).catch(throwDiskError(file));
    if (mtimeMs < before) await unlink(file).catch(throwDiskError(file));
  }
}

function throwDiskError(file: string): (error: unknown) => never {
  return (error) => {
    throw diskError(error, file);
  };
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
