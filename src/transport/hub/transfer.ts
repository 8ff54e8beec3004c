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
export const pump = (source: Readable, target: Writable, options: PumpOptions): Promise<void> =>
  watched(source, options, () => pipeline(source, target));

/**
 * As `pump`, but where `target` fails the line stays open, and what still comes on it goes nowhere: were it closed at
 * once, who sends would see a line that is reset, and not hear why.
 */
export const receive = (line: Socket, target: Writable, options: PumpOptions): Promise<void> =>
  watched(line, options, async () => {
    try {
      await new Promise<void>((resolve, reject) => {
        const cut = (): void => {
          reject(lineCut());
        };
        target.once('finish', resolve).once('error', reject).once('close', cut);
        // What has come whole may still be on its way to `target`.
        line.once('error', reject).once('close', () => {
          if (!line.readableEnded) cut();
        });
        line.pipe(target);
      });
    } catch (error) {
      line.resume();
      throw error;
    }
  });

/** Gives a line up on which nothing moves, and tells how much has passed. */
async function watched(source: Readable, options: PumpOptions, move: () => Promise<void>): Promise<void> {
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
    await move();
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
    const refusal = isLineFault(error) ? lineCut() : toRefusal(error);
    await answer(refusal.reply, refusal.message);
    port.closeGently();
    return;
  }
  await answer(226, 'Transfer complete');
  port.closeGently();
}

const lineCut = (): FtpRefusal => new FtpRefusal(426, 'Line cut');

function isLineFault(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return (
    ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'].includes(code) || /^ERR_(STREAM|SSL|TLS)/.test(code)
  );
}
