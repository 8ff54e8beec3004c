import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveSettings, type Settings } from '../../../src/config/settings';
import type { Letter } from '../../../src/mail/letter';
import { MailPump } from '../../../src/mail/mail-pump';
import { MailQueue } from '../../../src/mail/mail-queue';
import type { SendLetter } from '../../../src/mail/smtp';
import { SyncError } from '../../../src/shared/errors';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse('2026-11-24T22:00:00Z');
const letter: Letter = { subject: 'x', text: 'x', html: 'x', attachments: [] };

const settingsOf = (password: string): Settings =>
  resolveSettings({
    version: 2,
    installation: '0b9b1c1e-8f0e-4c3a-9a57-3d3b6f3f1f10',
    role: 'site',
    name: 'Lyon',
    database: 'sqlite:/x.db',
    mail: { enabled: true, host: 'smtp.example', from: 'a@b.c', to: ['a@b.c'], password },
  });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pump-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a pump for some time, on a clock that jumps to the end of each wait; `answer` gives each try's error. */
async function run(
  letters: number,
  time: number,
  answer: (now: number) => SyncError | null,
  settings: (now: number) => Settings = () => settingsOf('one'),
) {
  let now = START;
  const tries: number[] = [];
  const logged: string[] = [];
  const over = new AbortController();
  const queue = new MailQueue(join(folder, 'queue'));
  const send: SendLetter = () => {
    tries.push((now - START) / MINUTE);
    const error = answer(now);
    return error === null ? Promise.resolve([]) : Promise.reject(error);
  };
  const pump = new MailPump({
    clock: {
      now: () => now,
      delay: (milliseconds, signal) => {
        now += milliseconds;
        if (now < START + time) return Promise.resolve();
        over.abort();
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('ended'))),
        );
      },
    },
    settings: () => Promise.resolve(settings(now)),
    log: (_, key) => logged.push(key),
    queue,
    send,
    authorities: join(folder, 'none'),
  });
  for (let count = 0; count < letters; count++) await pump.add(letter);
  const ended = new Promise((resolve) => over.signal.addEventListener('abort', resolve));
  pump.start();
  await ended;
  await pump.stop();
  return { tries, logged, left: await queue.list() };
}

const down = new SyncError('mail.unreachable', { retryable: true });
const wrong = new SyncError('mail.loginRefused');

test('a line that is down is tried less and less often, said once, and given up after three days', async () => {
  const { tries, logged, left } = await run(1, 4 * DAY, () => down);
  expect(tries.slice(0, 8)).toEqual([0, 1, 3, 8, 23, 53, 113, 173]);
  expect(tries.length).toBeLessThan(80);
  expect(Math.max(...tries)).toBeLessThanOrEqual(3 * 24 * 60);
  expect(logged).toEqual(['error.mail.unreachable', 'mailing.dropped']);
  expect(left).toEqual([]);
}, 30_000);

test('many letters do not make more tries of a line that is down', async () => {
  const { tries, left } = await run(50, 120 * MINUTE, () => down);
  expect(tries.length).toBeLessThan(60);
  expect(left).toHaveLength(50);
}, 30_000);

test('when the line is back, all go', async () => {
  const { left, logged } = await run(5, 90 * MINUTE, (now) => (now < START + 30 * MINUTE ? down : null));
  expect(left).toEqual([]);
  expect(logged.filter((key) => key === 'mailing.sent')).toHaveLength(5);
}, 30_000);

test('a refused login is tried every hour, and at once with new settings', async () => {
  const { tries } = await run(
    1,
    300 * MINUTE,
    (now) => (now < START + 130 * MINUTE ? wrong : null),
    (now) => settingsOf(now < START + 130 * MINUTE ? 'wrong' : 'right'),
  );
  expect(tries).toEqual([0, 60, 120, 130]);
});

test('no more than two hundred letters wait, the newest', async () => {
  const { left } = await run(205, 2 * MINUTE, () => down);
  expect(left).toHaveLength(200);
}, 30_000);

test('a clock set back does not hold a letter for years', async () => {
  const queue = new MailQueue(join(folder, 'queue'));
  await queue.add(letter, START + 400 * DAY);
  const [queued] = await queue.list();
  if (queued === undefined) return expect.unreachable();
  await queue.postpone(queued, START + 400 * DAY, true);
  const { left } = await run(0, 2 * MINUTE, () => null);
  expect(left).toEqual([]);
});
