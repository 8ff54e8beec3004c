import { SyncError } from '../shared/errors';
import { openBatch } from './reader';

/**
 * Whether reading a batch or segment failed because its bytes are not what their author wrote any more, or cannot be
 * had from the disk: a file of another version, or one that is locked, is not damaged.
 */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof SyncError)) return false;
  if (error.code === 'batch.corrupt' || error.code === 'batch.truncated') return true;
  return error.code === 'disk.failed' && error.params['reason'] === 'EIO';
}

/** Reads a whole batch or segment, one block held at a time. Rejects with nothing but the signal's reason. */
export async function isDamaged(file: string, signal: AbortSignal): Promise<boolean> {
  try {
    const reader = await openBatch(file);
    try {
      const blocks = reader.blocks();
      while ((await blocks.next()).done !== true) signal.throwIfAborted();
      return false;
    } finally {
      await reader.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return isDamage(error);
  }
}
