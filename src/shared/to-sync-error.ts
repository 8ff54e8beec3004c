import { diskError } from './disk-error';
import { SyncError } from './errors';

/** Gives any thrown thing a code, so that reports and screens have a text for it: what the disk refused has `disk.*`. */
export function toSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const path = pathOf(error);
  if (path !== null) return diskError(error, path);
  const detail = error instanceof Error ? error.message : String(error);
  return new SyncError('unexpected', { params: { detail }, cause: error });
}

/** Of the file or folder that the system speaks of; null where the error is of another kind. */
function pathOf(error: unknown): string | null {
  if (!(error instanceof Error && 'path' in error && 'syscall' in error)) return null;
  const { path, syscall } = error;
  const isProgram = typeof syscall === 'string' && syscall.startsWith('spawn');
  return typeof path === 'string' && !isProgram ? path : null;
}
