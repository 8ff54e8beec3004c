import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../transport/batch-files';
import { DAY } from './tidy';

/** What a power cut or a cut line leaves behind: names that only we give, while a file is being written. */
const UNFINISHED = [
  /\.[0-9a-f]{12}\.tmp$/,
  /^\d+\.batch\.tmp$/,
  /^origin-\d+\.segment\.tmp$/,
  /^\d+-[0-9a-f]{16}\.part$/,
];
/** Nothing is under way for so long: a line that is silent for a minute is cut. Milliseconds. */
const ABANDONED = 7 * DAY;

/** Removes unfinished files that nobody has written to for a week. A folder that does not exist holds none. */
export async function removeAbandoned(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder).catch(none)) {
    if (!UNFINISHED.some((pattern) => pattern.test(name))) continue;
    const file = join(folder, name);
    const written = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => now,
    );
    if (now - written > ABANDONED) await rm(file, { force: true });
  }
}

/** Folders within a folder, by path. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(none);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

function none(error: unknown): [] {
  if (isMissing(error)) return [];
  throw error;
}
