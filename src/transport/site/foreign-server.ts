import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Client } from 'basic-ftp';
import { SyncError } from '../../shared/errors';
import { finalName, provingFeature } from '../names';
import { sizeOf } from './download';
import type { Deposit } from './deposit';

/**
 * A server that stands in front of the hub, or in its place, gives any name to any bytes, and over any other file. So
 * what the hub would see to is seen to from here.
 */
export async function provesNames(client: Client): Promise<boolean> {
  const [name = '', how] = provingFeature.split(' ');
  return (await client.features()).get(name) === how;
}

/** Whether the number is taken by these bytes. Rejects with `hub.batchDiffers` where it is taken by others. */
export async function isThere(
  client: Client,
  { inbox, number, size, sha256 }: Deposit,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `/${inbox}/${finalName(inbox, number)}`;
  const there = await sizeOf(client, path);
  if (there === null) return false;
  // A site may acknowledge a round again, at another time; its first word stands.
  if (inbox === 'acks' || (there === size && (await digestOf(client, path, signal)) === sha256)) return true;
  throw new SyncError('hub.batchDiffers', { params: { batch: number } });
}

/** Reads back what was sent. What is something else is taken away, to begin anew: `hub.digest`. */
export async function prove(
  client: Client,
  part: string,
  { inbox, number, size, sha256 }: Deposit,
  signal: AbortSignal,
): Promise<void> {
  if ((await sizeOf(client, part)) === size && (await digestOf(client, part, signal)) === sha256) return;
  await client.remove(part);
  throw new SyncError('hub.digest', { params: { file: finalName(inbox, number) }, retryable: true });
}

async function digestOf(client: Client, path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const sink = new Writable({
    write: (block: Buffer, _encoding, done) => {
      hash.update(block);
      done(signal.aborted ? new Error('aborted') : null);
    },
  });
  await client.downloadTo(sink, path);
  return hash.digest('hex');
}
