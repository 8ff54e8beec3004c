/**
 * A file sealed with a passphrase, for a disk that travels by post.
 *
 *   magic 8 | version 1 | log2 of scrypt's N 1 | salt 16 | check of the key 16 | bytes of the content 8 | chunks
 *
 * A chunk is up to 64 KiB of the content in AES-256-GCM and its tag of 16 bytes. Its nonce is its number, and whether it
 * is the last one: chunks that are missing, doubled or in another order are noticed. The bytes before the chunks are
 * authenticated with each of them. Numbers are little-endian.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { diskError } from '../shared/disk-error';
import { renameDurable } from '../shared/atomic-file';
import { SyncError } from '../shared/errors';

const MAGIC = Buffer.from('\x89SEAL\r\n\x1a', 'latin1');
const VERSION = 1;
/** scrypt with r = 8 takes 128 MiB and some tenths of a second for one try. */
const COST = 17;
const MOST_COST = 20;
const KEY = 32;
const CHECK = 16;
const SALT = 16;
const HEAD = MAGIC.length + 2 + SALT + CHECK + 8;
const CHUNK = 64 * 1024;
const TAG = 16;

export const SHORTEST_PASSPHRASE = 8;

export interface SealOptions {
  readonly passphrase: string;
  readonly signal: AbortSignal;
  /** Bytes of the content so far. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Writes `source` to `target`, sealed: under a temporary name first, then fsynced and renamed. Rejects with
 * `seal.shortPassphrase` {least} or `disk.*`.
 */
export async function sealFile(
  source: string,
  target: string,
  options: SealOptions & { /** log2 of scrypt's N. */ readonly cost?: number },
): Promise<void> {
  const { passphrase, signal, onProgress, cost = COST } = options;
  if (passphrase.length < SHORTEST_PASSPHRASE)
    throw new SyncError('seal.shortPassphrase', { params: { least: SHORTEST_PASSPHRASE } });
  const salt = randomBytes(SALT);
  const { key, check } = await deriveKey(passphrase, salt, cost);
  const temporary = `${target}.tmp`;
  const seal = async (from: FileHandle, to: FileHandle): Promise<void> => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt((await from.stat()).size));
    const head = Buffer.concat([MAGIC, Buffer.from([VERSION, cost]), salt, check, size]);
    await to.writeFile(head);
    let done = 0;
    for await (const { number, last, bytes } of chunksOf(from, 0, CHUNK)) {
      signal.throwIfAborted();
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last)).setAAD(head);
      await to.writeFile(Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]));
      onProgress?.((done += bytes.length));
    }
  };
  try {
    await copy(source, temporary, seal);
    await renameDurable(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Writes what `source` holds to `target`. Rejects with `seal.notSealed`, `seal.version`, `seal.wrongPassphrase`,
 * `seal.truncated`, `seal.corrupt` or `disk.*`; what was written to `target` is then worth nothing.
 */
export async function unsealFile(source: string, target: string, options: SealOptions): Promise<void> {
  const { passphrase, signal, onProgress } = options;
  await copy(source, target, async (from, to) => {
    const head = Buffer.alloc(HEAD);
    const { bytesRead } = await from.read(head, 0, HEAD, 0);
    if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new SyncError('seal.notSealed');
    if (bytesRead < HEAD) throw new SyncError('seal.truncated');
    const { cost, salt, check, size } = parseHead(head);
    const derived = await deriveKey(passphrase, salt, cost);
    if (!timingSafeEqual(check, derived.check)) throw new SyncError('seal.wrongPassphrase');
    refuseSize((await from.stat()).size, size);
    let done = 0;
    for await (const { number, last, bytes } of chunksOf(from, HEAD, CHUNK + TAG)) {
      signal.throwIfAborted();
      const content = decrypt(derived.key, nonceOf(number, last), head, bytes);
      await to.writeFile(content);
      onProgress?.((done += content.length));
    }
  });
}

function parseHead(head: Buffer): { cost: number; salt: Buffer; check: Buffer; size: number } {
  const [version = 0, cost = 0] = head.subarray(MAGIC.length);
  if (version !== VERSION || cost > MOST_COST) throw new SyncError('seal.version');
  const salt = MAGIC.length + 2;
  return {
    cost,
    salt: head.subarray(salt, salt + SALT),
    check: head.subarray(salt + SALT, salt + SALT + CHECK),
    size: Number(head.readBigUInt64LE(salt + SALT + CHECK)),
  };
}

function refuseSize(actual: number, content: number): void {
  const expected = HEAD + content + TAG * Math.max(1, Math.ceil(content / CHUNK));
  if (actual < expected) throw new SyncError('seal.truncated');
  if (actual > expected) throw new SyncError('seal.corrupt');
}

function decrypt(key: Buffer, nonce: Buffer, head: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(head);
  decipher.setAuthTag(bytes.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG)), decipher.final()]);
  } catch (error) {
    throw new SyncError('seal.corrupt', { cause: error });
  }
}

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(BigInt(number));
  nonce.writeUInt8(last ? 1 : 0, 11);
  return nonce;
}

interface Chunk {
  readonly number: number;
  readonly last: boolean;
  readonly bytes: Buffer;
}

/** The file in pieces of `length`, the last one perhaps shorter; one at least, even of an empty file. */
async function* chunksOf(from: FileHandle, start: number, length: number): AsyncGenerator<Chunk> {
  const { size } = await from.stat();
  const count = Math.max(1, Math.ceil((size - start) / length));
  for (let number = 0; number < count; number += 1) {
    const position = start + number * length;
    const bytes = Buffer.alloc(Math.min(length, size - position));
    for (let read = 0; read < bytes.length;) {
      const { bytesRead } = await from.read(bytes, read, bytes.length - read, position + read);
      if (bytesRead === 0) throw new SyncError('seal.truncated');
      read += bytesRead;
    }
    yield { number, last: number === count - 1, bytes };
  }
}

async function copy(
  source: string,
  target: string,
  work: (from: FileHandle, to: FileHandle) => Promise<void>,
): Promise<void> {
  try {
    const from = await open(source, 'r');
    try {
      const to = await open(target, 'w');
      try {
        await work(from, to);
        await to.sync();
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  } catch (error) {
    throw diskError(error, target);
  }
}

async function deriveKey(
  passphrase: string,
  salt: Buffer,
  cost: number,
): Promise<{ readonly key: Buffer; readonly check: Buffer }> {
  const options = { N: 2 ** cost, r: 8, p: 1, maxmem: 2 ** cost * 8 * 128 + (1 << 24) };
  // As typed on any keyboard: an accent is one character or two.
  const derived = await new Promise<Buffer>((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY + CHECK, options, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
  return { key: derived.subarray(0, KEY), check: derived.subarray(KEY) };
}
