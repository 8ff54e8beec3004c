import { appendFile, readFile, stat } from 'node:fs/promises';
import type { Message } from '../report/report';
import { writeFileAtomic } from '../shared/atomic-file';
import type { LogLine } from './contract';

/** The view holds this many lines, and so does the file once it has grown too long. */
const LINES = 500;
const FILE_BYTES = 1 << 20;

/** The progress log ('Suivi'): the last lines in memory, and a file so that they outlive a restart. */
export class ProgressLog {
  readonly #file: string;
  #lines: LogLine[] = [];
  #sequence = 0;
  /** Of the file, bytes. */
  #size = 0;
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
    this.#size = size;
    if (size > FILE_BYTES) await this.#shorten();
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  add(message: Message): LogLine {
    const text = toLine(message);
    const line = this.#push(message);
    this.#write(async () => {
      await appendFile(this.#file, text);
      this.#size += Buffer.byteLength(text);
      if (this.#size > FILE_BYTES) await this.#shorten();
    });
    return line;
  }

  clear(): void {
    this.#lines = [];
    this.#write(() => this.#shorten());
  }

  /** Resolves when all lines are on their way to the disk. */
  flushed(): Promise<void> {
    return this.#writing;
  }

  /** A program that runs for years writes more than anybody reads: the file is what the view holds. */
  async #shorten(): Promise<void> {
    const text = this.#lines.map(toLine).join('');
    await writeFileAtomic(this.#file, text);
    this.#size = Buffer.byteLength(text);
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

const toLine = ({ level, key, params, at }: Message): string =>
  `${JSON.stringify({ level, key, params, at })}\n`;

/** A line that a power cut left half written is skipped. */
function parseLine(line: string): Message[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Message];
  } catch {
    return [];
  }
}
