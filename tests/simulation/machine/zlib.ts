/** Stands in for `node:zlib`: stores as it is. Real brotli works in other threads, at times that no seed determines. */
import { constants } from 'node:zlib';

export { constants };

type Done = (error: Error | null, result: Buffer) => void;

export const brotliCompress = (data: Uint8Array, _options: object, done: Done): void => {
  done(null, Buffer.from(data));
};

export const brotliDecompress = (data: Uint8Array, _options: object, done: Done): void => {
  done(null, Buffer.from(data));
};
