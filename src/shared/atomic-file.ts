import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, systemCode } from './disk-error';

export interface WriteOptions {
  /** Permissions of the file, such as 0o600. */
  readonly mode?: number;
}

const RANDOM_BYTES = 6;

/** Whether a file's name is one of those that `writeFileAtomic` writes under. */
export const isTemporary = (name: string): boolean => /\.[0-9a-f]{12}\.tmp$/.test(name);

/**
 * Replaces a file by new content: a power cut at any instant leaves the old file or the new one, never a part.
 * Rejects with `disk.*`.
 */
export async function writeFileAtomic(
  file: string,
  data: string | Uint8Array,
  { mode = 0o666 }: WriteOptions = {},
): Promise<void> {
  const temporary = `${file}.${randomBytes(RANDOM_BYTES).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameDurable(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(error, file);
  }
}

/** Renames over what may be there, and returns once that is on the disk. The content must be fsynced already. Rejects with `disk.*`. */
export async function renameDurable(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (error) {
    throw diskError(error, to);
  }
}

/** Windows opens no folders: there NTFS's own journal keeps the rename. */
const NO_FOLDERS = ['EPERM', 'EISDIR', 'EACCES', 'EINVAL'];

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!NO_FOLDERS.includes(systemCode(error))) throw error;
  }
}
