import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { renameDurable, writeFileAtomic } from '../shared/atomic-file';
import { diskError, systemCode } from '../shared/disk-error';
import type { DataFolder } from './data-folder';

/** What nobody but their owner reads, as the settings themselves. */
const [FOLDER_MODE, FILE_MODE] = [0o700, 0o600];

/**
 * Copies the settings and the small files of state to `backup-v<version>` beside them, in place of an earlier copy of
 * that version: a power cut leaves that one or this one, whole. Rejects with `disk.*`.
 */
export async function backUpState(paths: DataFolder, version: number): Promise<void> {
  const { folder, settings, schedule, mailState, blocked } = paths;
  const target = join(folder, `backup-v${String(version)}`);
  const temporary = `${target}.tmp`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { mode: FOLDER_MODE });
    for (const file of [settings, schedule, mailState, blocked]) {
      const content = await readFile(file).catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return null;
        throw error;
      });
      if (content !== null)
        await writeFileAtomic(join(temporary, basename(file)), content, { mode: FILE_MODE });
    }
    await rm(target, { recursive: true, force: true });
    await renameDurable(temporary, target);
  } catch (error) {
    throw diskError(error, target);
  }
}
