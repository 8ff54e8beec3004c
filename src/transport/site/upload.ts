import { Readable } from 'node:stream';
import type { Client } from 'basic-ftp';
import { SyncError } from '../../shared/errors';
import { finalName, partName } from '../names';
import type { Deposit } from './deposit';
import { sizeOf } from './download';
import { replyCode } from './hub-errors';
import { isThere, prove, provesNames } from './foreign-server';
import { metered } from './meter';
import type { Pace } from './pace';
import type { Passing } from './passing';

/** How fast the slowest disk reads a file back when the hub verifies it, bytes a millisecond. */
const verifySpeed = 20_000;

/**
 * Sends what the hub's part does not hold yet, then asks for the final name, which the hub gives only to the
 * bytes that the part's name promised. Of another server they are read back first. Rejects with `hub.digest` when they
 * are others, and with `hub.batchDiffers` when the number is taken by other bytes.
 */
export async function upload(client: Client, deposit: Deposit, options: Passing): Promise<void> {
  const { inbox, number, size, sha256 } = deposit;
  const part = `/${inbox}/${partName(number, sha256)}`;
  try {
    const isHub = await provesNames(client);
    if (!isHub && (await isThere(client, deposit, options.signal))) return;
    const there = await sizeOf(client, part);
    // More than the whole cannot be ours: from the start.
    const start = there === null || there > size ? 0 : there;
    if (there === size) options.onProgress?.(size);
    else await sendRest(client, deposit, part, start, options);
    if (!isHub) await prove(client, part, deposit, options.signal);
    await rename(client, part, `/${inbox}/${finalName(inbox, number)}`, size);
  } catch (error) {
    throw uploadError(error, deposit);
  }
}

async function sendRest(
  client: Client,
  deposit: Deposit,
  part: string,
  start: number,
  passing: Passing,
): Promise<void> {
  const { pace, signal } = passing;
  let sent = start;
  const counted = count(paced(deposit.open(start), pace, signal), (bytes) => (sent += bytes));
  const source = Readable.from(counted, { objectMode: false, highWaterMark: 1 << 18 });
  try {
    if (start > 0) await client.send(`REST ${start}`);
    await metered(client, {
      ...passing,
      way: 'upload',
      work: () => client.uploadFrom(source, part),
      passed: () => sent,
    });
  } finally {
    await letGo(source);
  }
}

async function* paced(
  blocks: AsyncIterable<Buffer>,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const block of blocks)
    for (const piece of pace.pieces(block)) {
      await pace.pass(piece.length, signal);
      yield piece;
    }
}

async function* count(blocks: AsyncIterable<Buffer>, add: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    yield block;
    add(block.length);
  }
}

/** Closes a file that a cut transfer left open. */
async function letGo(source: Readable): Promise<void> {
  if (source.closed) return;
  source.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    source.once('close', resolve).destroy();
  });
}

async function rename(client: Client, part: string, final: string, size: number): Promise<void> {
  await client.send(`RNFR ${part}`);
  const renamed = client.send(`RNTO ${final}`);
  // The hub reads the whole file before it answers.
  client.ftp.socket.setTimeout(client.ftp.timeout + size / verifySpeed);
  await renamed;
}

function uploadError(error: unknown, { inbox, number }: Deposit): unknown {
  const params = { file: finalName(inbox, number) };
  if (replyCode(error) === 556) return new SyncError('hub.digest', { params, cause: error, retryable: true });
  if (replyCode(error) === 553)
    return new SyncError('hub.batchDiffers', { params: { batch: number }, cause: error });
  return error;
}
