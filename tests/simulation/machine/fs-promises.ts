/** Stands in for `node:fs/promises`, as far as the session code uses it, on the disk that the test owns. */
import { constants } from 'node:fs';
import { Readable } from 'node:stream';
import { disk, placeOf, type DiskFile } from './disk';
import { lasting, operate } from './process';

interface Stats {
  readonly size: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

function writable(path: string): void {
  operate();
  if (disk.full.has(placeOf(path))) throw failure('ENOSPC', path);
}

function statsOf(path: string): Stats {
  operate();
  const file = disk.files.get(path);
  if (file === undefined && !disk.folders.has(path)) throw failure('ENOENT', path);
  return {
    size: file?.data.length ?? 0,
    mtimeMs: file?.modified ?? 0,
    isFile: () => file !== undefined,
    isDirectory: () => file === undefined,
  };
}

class Handle {
  #position = 0;

  constructor(
    private readonly path: string,
    private readonly file: DiskFile | null,
  ) {}

  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    return later(() => {
      operate();
      const start = position ?? this.#position;
      const bytes = this.#content().data.subarray(start, start + length);
      buffer.set(bytes, offset);
      if (position === null) this.#position += bytes.length;
      return { bytesRead: bytes.length, buffer };
    });
  }

  write(buffer: Uint8Array, offset: number): Promise<{ bytesWritten: number }> {
    return later(() => {
      writable(this.path);
      const bytes = buffer.subarray(offset);
      this.#content().write(bytes, this.#position);
      this.#position += bytes.length;
      return { bytesWritten: bytes.length };
    });
  }

  writev(blocks: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }> {
    return later(() => {
      writable(this.path);
      const bytes = Buffer.concat(blocks);
      this.#content().write(bytes, position);
      return { bytesWritten: bytes.length };
    });
  }

  writeFile(data: string | Uint8Array): Promise<void> {
    return later(() => {
      writable(this.path);
      this.#content().write(Buffer.from(data), 0);
    });
  }

  truncate(size: number): Promise<void> {
    return later(() => {
      operate();
      this.#content().truncate(size);
    });
  }

  stat(): Promise<Stats> {
    return later(() => statsOf(this.path));
  }

  sync(): Promise<void> {
    return later(() => {
      operate();
      disk.sync(this.path);
      lasting();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  createReadStream({ start = 0 }: { readonly start?: number }): Readable {
    return readFrom(this.#content(), start);
  }

  #content(): DiskFile {
    if (this.file === null) throw failure('EISDIR', this.path);
    return this.file;
  }
}

/** A file's bytes from `start`, the way the line delivers them. */
export function readFrom(file: DiskFile, start: number): Readable {
  let position = start;
  const { delivery } = disk;
  return new Readable({
    read() {
      const piece = file.data.subarray(position, position + (delivery?.piece ?? file.data.length));
      const flipped = delivery?.flip ?? -1;
      const inPiece = Math.floor(flipped / 8) - position;
      const bytes = Buffer.from(piece);
      if (inPiece >= 0 && inPiece < bytes.length)
        bytes.writeUInt8((bytes[inPiece] ?? 0) ^ (1 << (flipped % 8)), inPiece);
      position += bytes.length;
      this.push(bytes.length === 0 ? null : bytes);
    },
  });
}

export function open(path: string, flags: string | number): Promise<Handle> {
  return later(() => {
    operate();
    const known = disk.files.get(path);
    if (known === undefined && disk.folders.has(path)) return new Handle(path, null);
    const [creates, empties, exclusive] = meaningOf(flags);
    if (known !== undefined && exclusive) throw failure('EEXIST', path);
    if (known === undefined) {
      if (!creates || !disk.folders.has(parentOf(path))) throw failure('ENOENT', path);
      writable(path);
      const file = disk.create(path);
      lasting();
      return new Handle(path, file);
    }
    if (empties) known.truncate(0);
    return new Handle(path, known);
  });
}

/** Whether a way of opening creates, empties, and refuses what is there. */
function meaningOf(flags: string | number): readonly [boolean, boolean, boolean] {
  if (typeof flags === 'string') return [flags.startsWith('w'), flags.startsWith('w'), flags.includes('x')];
  return [
    (flags & constants.O_CREAT) !== 0,
    (flags & constants.O_TRUNC) !== 0,
    (flags & constants.O_EXCL) !== 0,
  ];
}

export const readdir = (path: string): Promise<string[]> =>
  later(() => {
    if (!statsOf(path).isDirectory()) throw failure('ENOTDIR', path);
    return disk.list(path);
  });

export const readFile = (path: string): Promise<string> =>
  later(() => {
    statsOf(path);
    return (disk.files.get(path)?.data ?? Buffer.alloc(0)).toString('utf8');
  });

export const stat = (path: string): Promise<Stats> => later(() => statsOf(path));
export const lstat = stat;

export const rename = (from: string, to: string): Promise<void> =>
  later(() => {
    statsOf(from);
    disk.rename(from, to);
    lasting();
  });

export const unlink = (path: string): Promise<void> =>
  later(() => {
    statsOf(path);
    disk.remove(path);
  });

export const rm = (path: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> =>
  later(() => {
    operate();
    if (disk.files.has(path)) disk.remove(path);
    else if (disk.folders.has(path)) disk.removeFolder(path);
    else if (!force) throw failure('ENOENT', path);
  });

export const mkdir = (path: string): Promise<void> =>
  later(() => {
    const missing: string[] = [];
    for (let at = path; at !== '' && !disk.folders.has(at); at = parentOf(at)) missing.unshift(at);
    if (missing.length > 0) writable(path);
    for (const folder of missing) disk.makeFolder(folder);
  });

/** A disk is full when the test says so, not before. */
export const statfs = (): Promise<{ readonly bavail: number; readonly bsize: number }> =>
  Promise.resolve({ bavail: Number.MAX_SAFE_INTEGER, bsize: 1 });

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** What is thrown becomes a rejection. */
async function later<T>(work: () => T): Promise<T> {
  return await Promise.resolve().then(work);
}
