import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finalName, parseFinalName } from './names';

/** Numbers of the complete batches in a folder, ascending; a folder that does not exist holds none. */
export async function batchesIn(folder: string): Promise<number[]> {
  return numbersIn(folder, (name) => parseFinalName('batches', name));
}

export async function numbersIn(folder: string, parse: (name: string) => number | null): Promise<number[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .map(parse)
    .filter((number) => number !== null)
    .sort((a, b) => a - b);
}

export const batchFile = (folder: string, batch: number): string => join(folder, finalName('batches', batch));

export async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
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

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
