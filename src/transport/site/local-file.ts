import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { diskError } from '../../shared/disk-error';
import { FileTarget } from '../file-target';
import type { Passing } from './passing';

const blockSize = 1 << 20;
/** What is taken at once from a line that is held back. */
const pacedBlock = 1 << 16;

/** A local file's bytes from `start`. A disk that fails rejects as `disk.…`, so that nobody blames the line. */
export async function* fileBlocks(file: string, start: number): AsyncGenerator<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      for (let position = start; ;) {
        const { bytesRead, buffer } = await handle.read(
          Buffer.allocUnsafe(blockSize),
          0,
          blockSize,
          position,
        );
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskError(error, file);
  }
}

/** Opens `file` to go on at `start`; whatever lay behind goes. */
export async function openTarget(
  file: string,
  start: number,
  { pace, signal }: Passing,
): Promise<FileTarget> {
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT);
    await handle.truncate(start);
    return new FileTarget(handle, {
      start,
      // The line rests meanwhile: nothing more is taken from it.
      before: (bytes) => pace.pass(bytes, signal),
      failure: (error) => diskError(error, file),
      ...(pace.isLimited && { highWaterMark: pacedBlock }),
    });
  } catch (error) {
    throw diskError(error, file);
  }
}
