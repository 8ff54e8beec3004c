import type { Client } from 'basic-ftp';
import type { Passing } from './passing';

/** Often enough for a progress bar. */
const tickMilliseconds = 200;

interface Transfer extends Pick<Passing, 'onProgress' | 'standstillMilliseconds'> {
  readonly way: 'upload' | 'download';
  readonly work: () => Promise<unknown>;
  /** Bytes of the whole file that are through. */
  readonly passed: () => number;
}

/**
 * Runs a transfer and tells, while it lasts and once at its end, how far it is. One that the hub lets stand still is cut
 * sooner than basic-ftp would, which waits as long as for an answer: a hub that reads a file back owes that late, while a
 * router that forgot the line never tells, and going on elsewhere costs no more than a login.
 */
export async function metered(client: Client, transfer: Transfer): Promise<void> {
  const { work, passed, onProgress, standstillMilliseconds } = transfer;
  let [crossed, still] = [0, 0];
  onProgress?.(passed());
  const timer = setInterval(() => {
    onProgress?.(passed());
    const now = owed(client, transfer);
    // Ticks, not a clock: a thread that was busy did not look.
    still = now === null || now !== crossed ? 0 : still + tickMilliseconds;
    crossed = now ?? 0;
    if (still >= standstillMilliseconds) client.ftp.closeWithError(new Error('Timeout (standstill)'));
  }, tickMilliseconds);
  try {
    await work();
    onProgress?.(passed());
  } finally {
    clearInterval(timer);
  }
}

/** Bytes that crossed the data line so far; null while it is not the hub's turn. */
function owed({ ftp: { dataSocket } }: Client, { way }: Transfer): number | null {
  if (dataSocket === undefined) return null;
  const { bytesRead, bytesWritten } = dataSocket;
  if (way === 'upload') return dataSocket.writableLength > 0 ? bytesWritten : null;
  return dataSocket.isPaused() ? null : bytesRead;
}
