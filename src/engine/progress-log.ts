import { appendFile, readFile, stat } from 'node:fs/promises';
import type { Message } from '../report/report';
import { writeFileAtomic } from '../shared/atomic-file';
import type { LogLine } from './contract';

/** The view holds this many lines, and so does the file after a start. */
const LINES = 500;
const FILE_BYTES = 1 << 20;

/** The progress log ('Suivi'): the last lines in memory, and a file so that they outlive a restart. */
export class ProgressLog {
  readonly #file: string;
  #lines: LogLine[] = [];
  #sequence = 0;
  /** Writes follow each other; a log that cannot be written must not stop a session. */
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  async load(): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    const messages = text
      .split('\n')
      .flatMap((line) => parseLine(line))
      .slice(-LINES);
    for (const message of messages) this.#push(message);
    const size = await stat(this.#file).then(
      (stats) => stats.size,
      () => 0,
    );
    if (size > FILE_BYTES) await writeFileAtomic(this.#file, messages.map(toLine).join(''));
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  add(message: Message): LogLine {
    this.#write(() => appendFile(this.#file, toLine(message)));
    return this.#push(message);
  }

  clear(): void {
    this.#lines = [];
    this.#write(() => writeFileAtomic(this.#file, ''));
  }

  /** Resolves when all lines are on their way to the disk. */
  flushed(): Promise<void> {
    return this.#writing;
  }

  #push({ at, level, key, params }: Message): LogLine {
    this.#sequence += 1;
    const line = { sequence: this.#sequence, at, level, key, params };
    this.#lines = [...this.#lines.slice(1 - LINES), line];
    return line;
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch(() => undefined);
  }
}

const toLine = (message: Message): string => `${JSON.stringify(message)}\n`;

/** A line that a power cut left half written is skipped. */
function parseLine(line: string): Message[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Message];
  } catch {
    return [];
  }
}
