import { appendFile, mkdir, rename, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './disk-error';

/** A file that has grown longer becomes the first of the older ones, bytes. */
export const FILE_BYTES = 2 << 20;
/** Older ones that are kept. */
const OLDER = 4;

export type LogLevel = 'info' | 'warning' | 'error';

/** The newest file of a log, then those before it: `x.log`, `x.log.1`, `x.log.2`… Some may not be there. */
export const logFiles = (file: string): string[] => [
  file,
  ...Array.from({ length: OLDER }, (_, at) => `${file}.${String(at + 1)}`),
];

/** What happened, a line each, for whoever looks for a fault: never more than some ten megabytes, however long it runs. */
export class LogFile {
  readonly #file: string;
  readonly #fileBytes: number;
  /** Of the newest file, bytes; null before it was looked at. */
  #size: number | null = null;
  /** Lines follow each other; a log that cannot be written must not stop a session. */
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, fileBytes = FILE_BYTES) {
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  /** `at`: ISO 8601, UTC. `code` tells the kind of line in any language. */
  write(at: string, level: LogLevel, code: string, text: string): void {
    const line = `${at} ${level.toUpperCase().padEnd(7)} ${code}  ${text.replace(/\s*\n\s*/g, ' | ')}\n`;
    this.#writing = this.#writing.then(() => this.#append(line)).catch(() => undefined);
  }

  /** Resolves when all lines are on their way to the disk. */
  flushed(): Promise<void> {
    return this.#writing;
  }

  async #append(line: string): Promise<void> {
    if (this.#size === null) await mkdir(dirname(this.#file), { recursive: true });
    this.#size ??= await sizeOf(this.#file);
    if (this.#size >= this.#fileBytes) await this.#rotate();
    await appendFile(this.#file, line);
    this.#size += Buffer.byteLength(line);
  }

  async #rotate(): Promise<void> {
    const files = logFiles(this.#file);
    try {
      for (let at = files.length - 1; at > 0; at -= 1)
        await renameIfThere(files[at - 1] ?? '', files[at] ?? '');
      this.#size = 0;
    } catch {
      // Someone reads it, and Windows renames nothing that is open: it is tried again at the next line, but not for ever.
      if ((this.#size ?? 0) < 2 * this.#fileBytes) return;
      await truncate(this.#file);
      this.#size = 0;
    }
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
