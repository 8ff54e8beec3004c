import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporary } from '../shared/atomic-file';
import type { DataFolder } from './data-folder';

/** A command line may be writing the settings at this moment. Milliseconds. */
const SURELY_LEFT = 10 * 60_000;

/**
 * Removes what a power cut left of files that were being replaced. None of them is of any use, and none is worth a
 * start that fails: what cannot be removed is left. `now`: milliseconds since 1970, UTC, by the clock of the disk.
 */
export async function removeLeftovers(
  { folder, reports, mailQueue }: DataFolder,
  now: number,
): Promise<void> {
  for (const place of [folder, reports, mailQueue]) {
    const names = await readdir(place).catch(() => []);
    for (const file of names.filter(isTemporary).map((name) => join(place, name))) {
      const written = await stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => now,
      );
      if (now - written > SURELY_LEFT) await rm(file, { force: true }).catch(() => undefined);
    }
  }
}
