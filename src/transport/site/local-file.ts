import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { diskError } from '../../shared/disk-error';
import type { Passing } from './passing';

const blockSize = 1 << 18;
/** What is taken at once from a line that is held back. */
const pacedBlock = 1 << 16;

/** A local file's bytes from `start`. A disk that fails rejects as `disk.…`, so that nobody blames the line. */
export async function* fileBlocks(file: string, start: number): AsyncGenerator<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      for (let position = start; ;) {
        const { bytesRead, buffer } = await handle.read(
          Buffer.allocUnsafe(blockSize),
          0,
          blockSize,
          position,
        );
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskError(error, file);
  }
}

/** A file being downloaded into, from an offset on. */
export interface LocalTarget {
  readonly stream: Writable;
  /** Length of the file so far. */
  readonly length: () => number;
  /** Waits for what is being written, makes it last and closes the file. */
  close(): Promise<void>;
}

/** Opens `file` to go on at `start`; whatever lay behind goes. */
export async function openTarget(file: string, start: number, passing: Passing): Promise<LocalTarget> {
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT);
    await handle.truncate(start);
    return targetOn(handle, start, file, passing);
  } catch (error) {
    throw diskError(error, file);
  }
}

function targetOn(handle: FileHandle, start: number, file: string, { pace, signal }: Passing): LocalTarget {
  let length = start;
  let writing: Promise<unknown> = Promise.resolve();
  const write = (blocks: readonly Buffer[], done: (error?: Error) => void): void => {
    const size = blocks.reduce((sum, block) => sum + block.length, 0);
    // The line rests meanwhile: nothing more is taken from it.
    const passed = pace.pass(size, signal);
    writing = passed
      .then(() => handle.writev(blocks, length))
      .then(
        ({ bytesWritten }) => {
          length += bytesWritten;
          done(bytesWritten === size ? undefined : diskError(new Error('Short write'), file));
        },
        (error: unknown) => {
          done(diskError(error, file));
        },
      );
  };
  const stream = new Writable({
    highWaterMark: pace.isLimited ? pacedBlock : 4 * blockSize,
    write: (block: Buffer, _encoding, done) => {
      write([block], done);
    },
    writev: (chunks: { chunk: Buffer }[], done) => {
      write(
        chunks.map(({ chunk }) => chunk),
        done,
      );
    },
  });
  stream.on('error', () => undefined);
  const close = async (): Promise<void> => {
    stream.destroy();
    await writing;
    try {
      await handle.sync();
    } catch (error) {
      throw diskError(error, file);
    } finally {
      await handle.close();
    }
  };
  return { stream, length: () => length, close };
}
