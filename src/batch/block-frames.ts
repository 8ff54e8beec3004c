import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { diskError } from '../shared/disk-error';
import { SyncError } from '../shared/errors';

/** Where a block lies in its file, as it is stored there. */
export interface BlockFrame {
  readonly table: string;
  readonly changes: number;
  /** Bytes. */
  readonly position: number;
  readonly length: number;
}

/** The bytes of each of these frames in turn, not verified. Rejects with `batch.truncated` or `disk.*`. */
export async function* readFrames(
  file: string,
  frames: readonly BlockFrame[],
): AsyncGenerator<{ readonly frame: BlockFrame; readonly bytes: Buffer }> {
  try {
    const handle = await open(file, 'r');
    try {
      for (const frame of frames) {
        const bytes = Buffer.allocUnsafe(frame.length);
        for (let read = 0; read < frame.length;) {
          const { bytesRead } = await handle.read(bytes, read, frame.length - read, frame.position + read);
          if (bytesRead === 0) throw new SyncError('batch.truncated', { params: { file: basename(file) } });
          read += bytesRead;
        }
        yield { frame, bytes };
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskError(error, file);
  }
}
