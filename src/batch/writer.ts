import { createHash, type Hash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { diskError } from '../shared/disk-error';
import { SyncError } from '../shared/errors';
import type { Block } from './block';
import { countChanges } from './column-block';
import { encodeBlock } from './block-codec';
import type { BlockFrame } from './block-frames';
import { BLOCK, encodeFrame, HEADER, isIntact, MAX_FRAME, MAX_TEXT_FRAME, PREAMBLE, TRAILER } from './frame';
import { headerSchema, SUMS_VERSION, type FileSummary, type Header } from './header';

export interface BatchWriter {
  /** Bytes of the file so far. */
  readonly bytes: number;
  /**
   * Adds a block, which may be altered as soon as the call returns its promise. Resolves when the block before is
   * on its way to the disk: at most two are held. Rejects with `disk.*`, or `batch.rowTooLarge` {table, megabytes};
   * the file is then good for nothing but `abort`.
   */
  write(block: Block): Promise<void>;
  /** Adds a block as it is stored in another file. Rejects with `disk.*`, and with `batch.corrupt` where it is damaged. */
  copy(frame: BlockFrame, bytes: Buffer): Promise<void>;
  /** Writes the trailer, fsyncs and closes. The caller renames the file. */
  finish(): Promise<FileSummary>;
  /** Closes and removes the file; does nothing after `finish`, nor twice. */
  abort(): Promise<void>;
}

/** Starts a batch or segment file, over what may be there. Many can be open at once: between blocks each holds a file handle and a hash. */
export function createBatchWriter(file: string, header: Header): BatchWriter {
  return new FileBatchWriter(file, headerSchema.parse(header));
}

class FileBatchWriter implements BatchWriter {
  private readonly hash: Hash = createHash('sha256');
  private readonly tables = new Map<string, number>();
  private handle: FileHandle | null = null;
  private size = 0;
  private state: 'open' | 'finished' | 'aborted' = 'open';
  /** What is under way; the steps follow each other, and one that fails fails all the later ones. */
  private tail: Promise<void>;

  constructor(
    private readonly file: string,
    private readonly header: Header,
  ) {
    this.tail = this.start(header);
    ignoreForNow(this.tail);
  }

  get bytes(): number {
    return this.size;
  }

  async write(block: Block): Promise<void> {
    this.assertOpen();
    if (block.additive !== undefined && this.header.format < SUMS_VERSION)
      throw new RangeError(`Block of ${block.table}: sums in a file of format ${this.header.format}`);
    const { bytes, proseBytes } = encodeBlock(block);
    if (bytes.length > MAX_FRAME) throw tooLarge(block, bytes.length);
    const changes = countChanges(block);
    if (changes === 0) return;
    await this.add(block.table, changes, encodeFrame(BLOCK, bytes, proseBytes));
  }

  async copy({ table, changes }: BlockFrame, bytes: Buffer): Promise<void> {
    this.assertOpen();
    if (!isIntact(bytes))
      throw new SyncError('batch.corrupt', {
        params: { file: basename(this.file) },
        cause: 'a copied frame',
      });
    await this.add(table, changes, Promise.resolve(bytes));
  }

  private async add(table: string, changes: number, frame: Promise<Buffer>): Promise<void> {
    this.tables.set(table, (this.tables.get(table) ?? 0) + changes);
    const before = this.tail;
    this.tail = before.then(async () => this.append(await frame));
    ignoreForNow(frame);
    ignoreForNow(this.tail);
    await before;
  }

  async finish(): Promise<FileSummary> {
    this.assertOpen();
    await this.tail;
    const trailer = {
      changes: [...this.tables.values()].reduce((sum, count) => sum + count, 0),
      tables: Object.fromEntries(this.tables),
    };
    const sha256 = this.hash.copy().digest('hex');
    await this.append(await encodeFrame(TRAILER, json({ ...trailer, sha256 })));
    try {
      await this.handle?.sync();
      await this.close();
    } catch (error) {
      throw diskError(error, this.file);
    }
    this.state = 'finished';
    return { ...trailer, size: this.size, sha256: this.hash.digest('hex') };
  }

  async abort(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'aborted';
    await this.tail.catch(() => undefined);
    try {
      await this.close();
      await rm(this.file, { force: true });
    } catch (error) {
      throw diskError(error, this.file);
    }
  }

  private async start(header: Header): Promise<void> {
    try {
      this.handle = await open(this.file, 'w');
    } catch (error) {
      throw diskError(error, this.file);
    }
    await this.append(PREAMBLE);
    const whole = json(header);
    // What tables are made of only explains a difference, which the fingerprints show.
    const short = whole.length > MAX_TEXT_FRAME ? json({ ...header, schemas: undefined }) : whole;
    await this.append(await encodeFrame(HEADER, short));
  }

  private async append(bytes: Buffer): Promise<void> {
    try {
      // `write` may take a part only, on a disk nearly full.
      for (let written = 0; written < bytes.length;) {
        const result = await this.handle?.write(bytes, written);
        if (result === undefined) throw new Error('closed');
        written += result.bytesWritten;
      }
    } catch (error) {
      throw diskError(error, this.file);
    }
    this.hash.update(bytes);
    this.size += bytes.length;
  }

  private async close(): Promise<void> {
    const handle = this.handle;
    this.handle = null;
    await handle?.close();
  }

  private assertOpen(): void {
    if (this.state !== 'open') throw new Error(`The batch writer is ${this.state}`);
  }
}

/** The failure is met by whoever awaits the promise next; until then it must not end the process. */
function ignoreForNow(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function tooLarge(block: Block, bytes: number): SyncError {
  return new SyncError('batch.rowTooLarge', {
    params: { table: block.table, megabytes: Math.ceil(bytes / (1 << 20)) },
  });
}
