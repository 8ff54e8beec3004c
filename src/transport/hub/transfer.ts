import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '../disk';
import type { DataPort } from './passive';
import { FtpRefusal, toRefusal } from './refusal';

/** Often enough for a progress bar. */
const tickMilliseconds = 250;

export interface PumpOptions {
  /** Bytes that have passed so far. */
  readonly passed: () => number;
  readonly onBytes?: (passed: number) => void;
  /** A line on which nothing moves for so long is given up. */
  readonly silenceMilliseconds: number;
}

/** Moves every byte from `source` to `target`, and closes both, whatever happens. */
export async function pump(source: Readable, target: Writable, options: PumpOptions): Promise<void> {
  let last = 0;
  let silence = 0;
  const timer = setInterval(() => {
    const passed = options.passed();
    silence = passed === last ? silence + tickMilliseconds : 0;
    if (passed !== last) options.onBytes?.(passed);
    last = passed;
    if (silence >= options.silenceMilliseconds) source.destroy(new FtpRefusal(426, 'Line silent'));
  }, tickMilliseconds);
  try {
    await pipeline(source, target);
    options.onBytes?.(options.passed());
  } finally {
    clearInterval(timer);
  }
}

/** One transfer on a data port: announces it, does it, says how it went. */
export async function runTransfer(
  port: DataPort,
  answer: (code: number, message: string) => Promise<void>,
  job: (data: Socket) => Promise<void>,
): Promise<void> {
  try {
    const data = await port.connection();
    await answer(150, 'Here it goes');
    await port.proven(data);
    await job(data);
  } catch (error) {
    const refusal = isLineFault(error) ? new FtpRefusal(426, 'Line cut') : toRefusal(error);
    await answer(refusal.reply, refusal.message);
    port.closeGently();
    return;
  }
  await answer(226, 'Transfer complete');
  port.closeGently();
}

function isLineFault(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return (
    ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'].includes(code) || /^ERR_(STREAM|SSL|TLS)/.test(code)
  );
}
