import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { diskError } from '../shared/disk-error';
import { SyncError } from '../shared/errors';
import type { Block } from './block';
import type { BlockFrame } from './block-frames';
import { decodeBlock } from './block-codec';
import {
  BLOCK,
  decodeFrame,
  FRAME_CHECK,
  FRAME_HEAD,
  HEADER,
  isIntact,
  MAGIC,
  MAX_FRAME,
  MAX_TEXT_FRAME,
  parseHead,
  PREAMBLE,
  TRAILER,
  type FrameHead,
} from './frame';
import {
  FORMAT_VERSION,
  headerSchema,
  SUMS_VERSION,
  trailerSchema,
  type Header,
  type Trailer,
} from './header';

const sealedTrailerSchema = trailerSchema.extend({ sha256: z.string() });

export interface BatchReader {
  readonly header: Header;
  /** What the file holds, once `blocks` was read to its end; null before. */
  readonly trailer: Trailer | null;
  /** Where the blocks lie that `blocks` gave last. */
  readonly frames: readonly BlockFrame[];
  /**
   * The blocks in order, each verified before it is given, while the next one is read: at most two are held. The end is
   * reached only if the whole file is what its author wrote. Throws `batch.truncated`, `batch.corrupt` or `disk.*`. Each call starts anew.
   */
  blocks(): AsyncGenerator<Block>;
  close(): Promise<void>;
}

/** Opens a batch or segment file. Rejects with `batch.version`, and with what `blocks` throws. */
export async function openBatch(file: string): Promise<BatchReader> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    throw diskError(error, file);
  }
  try {
    const source = new FrameSource(handle, file, (await handle.stat()).size);
    if (!(await source.preamble())) throw await unknownVersion(source);
    const { head, raw } = await source.next();
    if (head.kind !== HEADER) throw source.corrupt(`frame ${head.kind} first`);
    return new FileBatchReader(source, parseHeader(source, raw));
  } catch (error) {
    await handle.close();
    throw diskError(error, file);
  }
}

class FileBatchReader implements BatchReader {
  trailer: Trailer | null = null;
  frames: BlockFrame[] = [];

  constructor(
    private readonly start: FrameSource,
    readonly header: Header,
  ) {}

  async *blocks(): AsyncGenerator<Block> {
    const source = this.start.fork();
    const tables = new Map<string, number>();
    const frames: BlockFrame[] = [];
    this.frames = frames;
    let ahead = source.advance();
    try {
      for (;;) {
        const { head, raw, position, before } = await ahead;
        if (head.kind === TRAILER) {
          this.trailer = parseTrailer(source, raw, before, tables);
          return;
        }
        if (head.kind !== BLOCK) throw source.corrupt(`frame ${head.kind} after the header`);
        const block = parse(source, () => decodeBlock(raw));
        if (block.additive !== undefined && this.header.format < SUMS_VERSION)
          throw source.corrupt('sums in a file that has none');
        const { table, changes } = block;
        tables.set(table, (tables.get(table) ?? 0) + changes.length);
        frames.push({ table, changes: changes.length, position, length: source.at - position });
        ahead = source.advance();
        yield block;
      }
    } finally {
      // Who stops in the middle may close the file next.
      await ahead.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.start.close();
  }
}

interface AheadFrame {
  readonly head: FrameHead;
  readonly raw: Buffer;
  readonly position: number;
  /** SHA-256 of all bytes before it. */
  readonly before: string;
}

/** Reads whole, verified frames from a position on. */
class FrameSource {
  constructor(
    private readonly handle: FileHandle,
    private readonly file: string,
    private readonly size: number,
    private position = 0,
    private readonly hash: Hash = createHash('sha256'),
  ) {}

  fork(): FrameSource {
    return new FrameSource(this.handle, this.file, this.size, this.position, this.hash.copy());
  }

  /** SHA-256 of all that was read. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  /** Bytes read so far. */
  get at(): number {
    return this.position;
  }

  get atEnd(): boolean {
    return this.position === this.size;
  }

  /** Whether the file says that it is of our version. */
  async preamble(): Promise<boolean> {
    const bytes = await this.read(PREAMBLE.length);
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw this.corrupt('not a batch');
    return bytes[MAGIC.length] === FORMAT_VERSION;
  }

  /** The next frame, and where it lies; the failure is met by whoever awaits it. */
  advance(): Promise<AheadFrame> {
    const [position, before] = [this.position, this.digest()];
    const frame = this.next().then((next) => ({ ...next, position, before }));
    frame.catch(() => undefined);
    return frame;
  }

  async next(): Promise<{ head: FrameHead; raw: Buffer }> {
    const head = parseHead(await this.peek(FRAME_HEAD));
    const most = head.kind === BLOCK ? MAX_FRAME : MAX_TEXT_FRAME;
    if (head.rawLength > most || head.storedLength > most) throw this.corrupt('oversized frame');
    const frame = await this.read(FRAME_HEAD + head.storedLength + FRAME_CHECK);
    if (!isIntact(frame)) throw this.corrupt('frame check');
    try {
      return { head, raw: await decodeFrame(head, frame) };
    } catch (error) {
      throw this.corrupt(error);
    }
  }

  corrupt(cause: unknown): SyncError {
    return this.failure('batch.corrupt', cause);
  }

  otherVersion(): SyncError {
    return this.failure('batch.version');
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private failure(code: string, cause?: unknown): SyncError {
    return new SyncError(code, { params: { file: basename(this.file) }, cause });
  }

  private async read(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    this.hash.update(bytes);
    this.position += count;
    return bytes;
  }

  private async peek(count: number): Promise<Buffer> {
    // Compared with the file's size before anything of that length is allocated.
    if (this.position + count > this.size) throw this.failure('batch.truncated');
    const bytes = Buffer.allocUnsafe(count);
    for (let read = 0; read < count;) {
      const { bytesRead } = await this.readAt(bytes, read);
      if (bytesRead === 0) throw this.failure('batch.truncated');
      read += bytesRead;
    }
    return bytes;
  }

  private async readAt(bytes: Buffer, offset: number): Promise<{ bytesRead: number }> {
    try {
      return await this.handle.read(bytes, offset, bytes.length - offset, this.position + offset);
    } catch (error) {
      throw diskError(error, this.file);
    }
  }
}

/** A preamble has no check of its own: a header of ours behind it shows that it is damaged, and not of another version. */
async function unknownVersion(source: FrameSource): Promise<SyncError> {
  try {
    const { head, raw } = await source.next();
    parseHeader(source, raw);
    return head.kind === HEADER ? source.corrupt('preamble') : source.otherVersion();
  } catch {
    return source.otherVersion();
  }
}

function parseHeader(source: FrameSource, raw: Buffer): Header {
  const value = parse(source, () => z.looseObject({ format: z.number() }).parse(JSON.parse(raw.toString())));
  if (value.format !== FORMAT_VERSION && value.format !== SUMS_VERSION) throw source.otherVersion();
  return parse(source, () => headerSchema.parse(value));
}

function parseTrailer(
  source: FrameSource,
  raw: Buffer,
  digest: string,
  seen: ReadonlyMap<string, number>,
): Trailer {
  const { sha256, ...trailer } = parse(source, () => sealedTrailerSchema.parse(JSON.parse(raw.toString())));
  const changes = [...seen.values()].reduce((sum, count) => sum + count, 0);
  const counted =
    trailer.changes === changes &&
    Object.keys(trailer.tables).length === seen.size &&
    [...seen].every(([table, count]) => trailer.tables[table] === count);
  if (sha256 !== digest || !counted || !source.atEnd) throw source.corrupt('trailer');
  return trailer;
}

function parse<T>(source: FrameSource, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw source.corrupt(error);
  }
}
