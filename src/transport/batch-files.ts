import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renameDurable } from '../shared/atomic-file';
import { diskError } from '../shared/disk-error';
import { syncFolder } from './disk';
import { asideName, finalName, parseAsideName, parseFinalName } from './names';

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

/** Puts on the disk what the files in a folder are called. Rejects with `disk.*`. */
export async function keepNames(folder: string): Promise<void> {
  await syncFolder(folder).catch((error: unknown) => {
    throw diskError(error, folder);
  });
}

/**
 * Of files that were written one after the other, the number of the last that was written before `before` (ms, UTC):
 * those before it are as old, whatever the clock said when they were written. 0 for none.
 */
export async function lastWrittenBefore(
  numbers: readonly number[],
  fileOf: (number: number) => string,
  before: number,
): Promise<number> {
  for (const number of numbers.toReversed()) if ((await stat(fileOf(number))).mtimeMs < before) return number;
  return 0;
}

export const batchFile = (folder: string, batch: number): string => join(folder, finalName('batches', batch));

/**
 * Takes a batch that nobody has read out of the way, over one of this number that was put aside before. Resolves to the
 * name it has now. Rejects with `disk.*`.
 */
export async function putAside(folder: string, batch: number): Promise<string> {
  const name = asideName(batch);
  await renameDurable(batchFile(folder, batch), join(folder, name));
  return name;
}

/** Removes what was put aside of batches up to `upTo`, and was written before `before` (ms, UTC). */
export async function removeAside(folder: string, upTo: number, before: number): Promise<void> {
  for (const batch of await numbersIn(folder, parseAsideName)) {
    const file = join(folder, asideName(batch));
    if (batch <= upTo && (await stat(file)).mtimeMs < before) await rm(file, { force: true });
  }
}

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

function throwDiskError(file: string): (error: unknown) => never {
  return (error) => {
    throw diskError(error, file);
  };
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
