import { appendFileSync, renameSync, statSync } from 'node:fs';
import { FILE_BYTES, logFiles } from './log-file';

/**
 * Writes down why a thread ends, which has no time left to wait; throws where that cannot be. Rotated as other logs: one
 * that ends again and again must not fill the disk. `at`: ISO 8601, UTC.
 */
export function recordCrash(file: string, at: string, text: string, fileBytes = FILE_BYTES): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= fileBytes) {
    const files = logFiles(file);
    for (let age = files.length - 1; age > 0; age -= 1) {
      const [from = '', to = ''] = files.slice(age - 1, age + 1);
      if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
    }
  }
  appendFileSync(file, `${at} ${text}\n`);
}
