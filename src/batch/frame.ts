/**
 * A file is a preamble, then frames: header, blocks, trailer. A frame is
 *
 *   kind 1 byte | bytes once decompressed 4 | bytes stored 4 | brotli data | first 8 bytes of the SHA-256 of all that
 *
 * so that nothing is decompressed, nor parsed, before it is known to be what was written. The trailer holds the
 * SHA-256 of every byte before it, so that frames lost, doubled or in another order are noticed too.
 * Numbers are little-endian.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import { FORMAT_VERSION } from './header';

/** As PNG's: a transfer in text mode changes its line ends, and is noticed at the first byte read. */
export const MAGIC = Buffer.from('\x89SYNC\r\n', 'latin1');
export const PREAMBLE = Buffer.concat([MAGIC, Buffer.from([FORMAT_VERSION])]);

export const HEADER = 1;
export const BLOCK = 2;
export const TRAILER = 3;

export const FRAME_HEAD = 9;
export const FRAME_CHECK = 8;

/** Bytes of a frame, compressed or not. A block passes BLOCK_BYTES by one row only, so this bounds a row. */
export const MAX_FRAME = 256 << 20;

/**
 * Of a header or trailer, which are JSON: a forged one of some hundred bytes could become objects of gigabytes. An
 * ordinary table takes a kilobyte of it.
 */
export const MAX_TEXT_FRAME = 4 << 20;

/**
 * Brotli's, measured on generated rows. Figures, dates and words of a dictionary gain nothing from more
 * than 4; texts get 5 to 15 % smaller by 6, which halves the speed.
 */
const QUALITY = 4;
const PROSE_QUALITY = 6;
const PROSE_SHARE = 0.3;

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

export interface FrameHead {
  readonly kind: number;
  readonly rawLength: number;
  readonly storedLength: number;
}

/** Frame of `raw`, of which `proseBytes` are texts, ready to be written. Compresses outside of this thread. */
export async function encodeFrame(kind: number, raw: Buffer, proseBytes = 0): Promise<Buffer> {
  const quality = proseBytes > raw.length * PROSE_SHARE ? PROSE_QUALITY : QUALITY;
  const stored = await compress(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
  const frame = Buffer.allocUnsafe(FRAME_HEAD + stored.length + FRAME_CHECK);
  frame.writeUInt8(kind, 0);
  frame.writeUInt32LE(raw.length, 1);
  frame.writeUInt32LE(stored.length, 5);
  stored.copy(frame, FRAME_HEAD);
  const end = FRAME_HEAD + stored.length;
  checkOf(frame.subarray(0, end)).copy(frame, end);
  return frame;
}

export function parseHead(bytes: Buffer): FrameHead {
  return { kind: bytes.readUInt8(0), rawLength: bytes.readUInt32LE(1), storedLength: bytes.readUInt32LE(5) };
}

/** Whether a frame, whole, is what encodeFrame made. */
export function isIntact(frame: Buffer): boolean {
  const end = frame.length - FRAME_CHECK;
  return checkOf(frame.subarray(0, end)).equals(frame.subarray(end));
}

/** What a whole, intact frame holds. Rejects when its data is not of `head.rawLength` bytes. */
export async function decodeFrame(head: FrameHead, frame: Buffer): Promise<Buffer> {
  const raw = await decompress(frame.subarray(FRAME_HEAD, frame.length - FRAME_CHECK), {
    maxOutputLength: Math.max(1, head.rawLength),
  });
  if (raw.length !== head.rawLength) throw new RangeError(`${raw.length} bytes, not ${head.rawLength}`);
  return raw;
}

function checkOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, FRAME_CHECK);
}
