import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { diskError } from '../shared/disk-error';

export interface FileDigest {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Size and SHA-256 of a file, read as a stream. Rejects with `disk.*`. */
export async function digestFile(file: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: 1 << 18 });
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw diskError(error, file);
  }
  return { size, sha256: hash.digest('hex') };
}
