/** Stands in for `node:fs`, as far as the session code uses it, on the disk that the test owns. */
import { existsSync as isReallyThere } from 'node:fs';
import { Readable } from 'node:stream';
import { disk } from './disk';
import { readFrom } from './fs-promises';
import { operate } from './process';

export { constants } from 'node:fs';

export function createReadStream(path: string, { start = 0 }: { readonly start?: number } = {}): Readable {
  operate();
  const file = disk.files.get(path);
  if (file !== undefined) return readFrom(file, start);
  const missing = Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
  return new Readable({ read: (): void => undefined }).destroy(missing);
}

/** Databases are real files. */
export const existsSync = (path: string): boolean => disk.files.has(path) || isReallyThere(path);
