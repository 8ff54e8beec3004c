import type { FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';

/** What is taken from a line while the disk is busy, in as few writes as there can be. Bytes. */
const GATHERED = 1 << 20;
/** What the disk is given to write at a time while a transfer goes on, so that the sync at its end finds little left. */
const FLUSHED = 1 << 25;

/** What is asked of an open file. */
export interface TargetHandle extends Pick<FileHandle, 'datasync' | 'close'> {
  writev(blocks: readonly Buffer[], position: number): Promise<{ readonly bytesWritten: number }>;
}

export interface FileTargetOptions {
  /** Where in the file it begins. */
  readonly start: number;
  /** Waited for before so many bytes are written; nothing more is taken meanwhile. */
  readonly before?: (bytes: number) => Promise<void>;
  /** A megabyte by default. */
  readonly highWaterMark?: number;
  /** What a failure of the disk is told as. */
  readonly failure?: (error: unknown) => Error;
}

/** Writes a line's bytes into an open file, which it closes: whoever sees 'close' may rely on nothing being written after it. */
export class FileTarget extends Writable {
  /** Length of the file so far. */
  length: number;
  #writing: Promise<unknown> = Promise.resolve();
  #flushing: Promise<unknown> | null = null;
  #flushed: number;
  readonly #closed: Promise<void>;
  readonly #handle: TargetHandle;
  readonly #options: FileTargetOptions;

  constructor(handle: TargetHandle, options: FileTargetOptions) {
    super({ highWaterMark: options.highWaterMark ?? GATHERED });
    this.#handle = handle;
    this.#options = options;
    this.length = this.#flushed = options.start;
    this.#closed = new Promise((resolve) => this.once('close', resolve));
    // Whoever writes into it hears of it by the pipeline; a cut one has nobody left to hear.
    this.on('error', () => undefined);
  }

  override _write(block: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#take([block], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#take(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #take(blocks: readonly Buffer[], done: (error?: Error) => void): void {
    this.#writing = this.#write(blocks).then(
      () => {
        done();
      },
      (error: unknown) => {
        done(this.#failure(error));
      },
    );
  }

  async #write(blocks: readonly Buffer[]): Promise<void> {
    const size = blocks.reduce((sum, block) => sum + block.length, 0);
    const { before } = this.#options;
    if (before !== undefined) await before(size);
    await this.#writeWhole(blocks, size);
    if (this.length - this.#flushed >= FLUSHED && this.#flushing === null) this.#flush();
  }

  async #writeWhole(blocks: readonly Buffer[], size: number): Promise<void> {
    const { bytesWritten } = await this.#handle.writev(blocks, this.length);
    this.length += bytesWritten;
    if (bytesWritten === size) return;
    // The next write, of what is left, says what is wrong: most often that the disk is full.
    await this.#writeWhole([Buffer.concat(blocks).subarray(bytesWritten)], size - bytesWritten);
  }

  #flush(): void {
    this.#flushed = this.length;
    this.#flushing = this.#handle.datasync().then(
      () => (this.#flushing = null),
      // The system tells it once: who syncs at the end would not hear of it.
      (error: unknown) => this.destroy(this.#failure(error)),
    );
  }

  /** Ends it where it is; resolves once the file is closed. */
  letGo(): Promise<void> {
    this.destroy();
    return this.#closed;
  }

  #failure(error: unknown): Error {
    return this.#options.failure?.(error) ?? (error instanceof Error ? error : new Error(String(error)));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    void this.#writing
      .then(() => this.#flushing)
      .then(() => this.#handle.close())
      .then(
        () => {
          done(error);
        },
        (fault: unknown) => {
          done(error ?? this.#failure(fault));
        },
      );
  }
}
