import { basename } from 'node:path';
import { SyncError } from './errors';

const CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'disk.full',
  EDQUOT: 'disk.full',
  ENOENT: 'disk.missing',
  EACCES: 'disk.denied',
  EPERM: 'disk.denied',
  EROFS: 'disk.denied',
  EBUSY: 'disk.denied',
};

/**
 * What the file system refused, as `disk.full`, `disk.missing`, `disk.denied` or `disk.failed`, always with
 * params {file: its name, reason: the system's code}. Retryable, but for a file that is not there.
 */
export function diskError(error: unknown, file: string): SyncError {
  if (error instanceof SyncError) return error;
  const reason = systemCode(error);
  const code = CODES[reason] ?? 'disk.failed';
  return new SyncError(code, {
    params: { file: basename(file), reason },
    cause: error,
    retryable: code !== 'disk.missing',
  });
}

/** `ENOENT` and the like; the message where there is no such code. */
export function systemCode(error: unknown): string {
  if (error instanceof Error)
    return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return String(error);
}
