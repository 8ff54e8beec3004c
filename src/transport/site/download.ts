import { Writable } from 'node:stream';
import type { Client } from 'basic-ftp';
import type { Segment } from '../../batch/manifest';
import { diskError } from '../../shared/disk-error';
import { SyncError } from '../../shared/errors';
import { fileSha256, statIfThere, syncFile, unlinkIfThere } from '../disk';
import { answerName, numberName } from '../names';
import { replyCode } from './hub-errors';
import { openTarget } from './local-file';
import { metered } from './meter';
import type { Passing } from './passing';

/** The status and a manifest are far below; a hub gone mad must not fill the memory. */
const textLimit = 16 * 1024 * 1024;

/** A small file of the hub, as text. */
export async function readText(client: Client, path: string): Promise<string> {
  const blocks: Buffer[] = [];
  let size = 0;
  const target = new Writable({
    write: (block: Buffer, _encoding, done) => {
      size += block.length;
      blocks.push(block);
      done(size > textLimit ? new SyncError('hub.answer', { params: { file: path } }) : null);
    },
  });
  await client.downloadTo(target, path);
  return Buffer.concat(blocks).toString('utf8');
}

/** Turns the hub's 'no such file' into `hub.roundMissing`. */
export async function ofRound<T>(round: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (replyCode(error) !== 550) throw error;
    throw new SyncError('hub.roundMissing', { params: { round }, cause: error });
  }
}

export async function ofSnapshot<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (replyCode(error) !== 550) throw error;
    throw new SyncError('hub.snapshotGone', { cause: error, retryable: true });
  }
}

/** A segment of a round, as `fetchFile`. */
export function fetchSegment(
  client: Client,
  round: number,
  segment: Segment,
  file: string,
  options: Passing,
): Promise<void> {
  const path = `/rounds/${numberName(round)}/${segment.name}`;
  return ofRound(round, fetchFile(client, path, segment, file, options));
}

/**
 * Downloads what `file` does not hold yet, then proves the whole by its SHA-256. A file that is not what
 * was promised is deleted, so that the next try starts from nothing: `hub.digest`.
 */
export async function fetchFile(
  client: Client,
  path: string,
  promised: Pick<Segment, 'name' | 'size' | 'sha256'>,
  file: string,
  passing: Passing,
): Promise<void> {
  const there = (await statIfThere(file))?.size ?? 0;
  const start = there > promised.size ? 0 : there;
  if (start < promised.size) {
    await download(client, path, file, start, passing);
  } else passing.onProgress?.(promised.size);
  const size = (await statIfThere(file))?.size ?? 0;
  const [sha256] = await Promise.all([fileSha256(file, passing.signal), keep(file)]);
  if (size === promised.size && sha256 === promised.sha256) return;
  await unlinkIfThere(file).catch((error: unknown) => {
    throw diskError(error, file);
  });
  throw new SyncError('hub.digest', { params: { file: promised.name }, retryable: true });
}

/** An answer is made for this one download: it is fetched whole, and goes. False while there is none. */
export async function fetchAnswer(
  client: Client,
  question: number,
  file: string,
  passing: Passing,
): Promise<boolean> {
  const path = `/answers/${answerName(question)}`;
  const size = await sizeOf(client, path);
  if (size === null) return false;
  await download(client, path, file, 0, passing);
  await keep(file);
  if (((await statIfThere(file))?.size ?? 0) !== size)
    throw new SyncError('hub.digest', { params: { file: answerName(question) }, retryable: true });
  await client.remove(path);
  return true;
}

/** Null where there is no such file. */
export async function sizeOf(client: Client, path: string): Promise<number | null> {
  try {
    return await client.size(path);
  } catch (error) {
    if (replyCode(error) === 550) return null;
    throw error;
  }
}

/** What came before a cut is kept, to go on from there; whoever wants the whole to last asks for it. */
async function download(
  client: Client,
  path: string,
  file: string,
  start: number,
  passing: Passing,
): Promise<void> {
  const target = await openTarget(file, start, passing);
  try {
    await metered(client, {
      ...passing,
      way: 'download',
      work: () => client.downloadTo(target, path, start),
      passed: () => target.length,
    });
  } catch (error) {
    await target.letGo();
    await keep(file);
    throw error;
  }
}

async function keep(file: string): Promise<void> {
  try {
    await syncFile(file);
  } catch (error) {
    throw diskError(error, file);
  }
}
