import { mkdir, readdir, rm, stat, unlink } from 'node:fs/promises';
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

/** Removes the batches of a folder up to `last` that were last written before `before` (ms, UTC). */
export async function pruneBatches(folder: string, last: number, before: number): Promise<void> {
  for (const batch of await batchesIn(folder)) {
    const file = batchFile(folder, batch);
    if (batch <= last && (await stat(file)).mtimeMs < before) await unlink(file);
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
