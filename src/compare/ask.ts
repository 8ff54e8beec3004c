import { randomInt } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { openBatch, type BatchReader } from '../batch/reader';
import { Deadline } from '../session/deadline';
import { retryUntil, type SessionEnvironment } from '../session/session';
import { SyncError } from '../shared/errors';
import type { HubLink } from '../transport/port';
import { refusalSchema, type CompareQuestion } from './questions';

/** Between two looks whether the answer is there: it grows, for a large table takes its time. Milliseconds. */
const FIRST_LOOK = 100;
const LONGEST_LOOK = 2_000;

/** A hub that is there and says nothing for so long does not answer: it may be an older version. Milliseconds. */
const PATIENCE = 15 * 60_000;

/** Numbers of questions that a name can have. */
const NUMBERS = 999_999_999;

export interface AskOptions extends Pick<SessionEnvironment, 'clock' | 'signal'> {
  readonly link: HubLink;
  /** For answers under way. */
  readonly folder: string;
}

/** Asks the hub for something small. Rejects with what the hub refuses with, `compare.noAnswer` or `hub.*`. */
export async function askFor<T>(
  options: AskOptions,
  question: CompareQuestion,
  schema: z.ZodType<T>,
): Promise<T> {
  const file = await ask(options, question);
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new SyncError('hub.answer', { params: { file: question.kind }, cause: error });
  }
}

/** Asks the hub for rows; the reader is the caller's to close. */
export async function askForRows(
  options: AskOptions,
  question: Extract<CompareQuestion, { kind: 'rows' }>,
): Promise<BatchReader> {
  return openBatch(await ask(options, question));
}

async function ask(options: AskOptions, question: CompareQuestion): Promise<string> {
  const { link, clock, signal, folder } = options;
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'answer');
  const number = randomInt(1, NUMBERS);
  const deadline = new Deadline(clock, PATIENCE);
  await retryUntil(deadline, options, () => link.ask(number, JSON.stringify(question), signal));
  const look = (): Promise<boolean> => link.fetchAnswer(number, file, { signal });
  for (let pause = FIRST_LOOK; !(await retryUntil(deadline, options, look));) {
    if (deadline.left === 0) throw new SyncError('compare.noAnswer', { retryable: true });
    await clock.delay(pause, signal);
    pause = Math.min(pause * 1.5, LONGEST_LOOK);
  }
  await throwRefusal(file);
  return file;
}

/** Longer than any refusal. */
const REFUSAL_LENGTH = 64 * 1024;

async function throwRefusal(file: string): Promise<void> {
  const handle = await open(file);
  const { buffer, bytesRead } = await handle
    .read(Buffer.alloc(REFUSAL_LENGTH), 0, REFUSAL_LENGTH, 0)
    .finally(() => handle.close());
  const text = buffer.subarray(0, bytesRead).toString('utf8');
  if (!text.startsWith('{"refused"')) return;
  const { code, params, retryable } = refusalSchema.parse(JSON.parse(text)).refused;
  throw new SyncError(code, { params, retryable });
}
