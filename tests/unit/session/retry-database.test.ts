import { expect, test } from 'vitest';
import { retryDatabase } from '../../../src/session/session';
import { SyncError } from '../../../src/shared/errors';

/** Time passes only when it is waited for. */
function makeClock(): { now: () => number; delay: (milliseconds: number) => Promise<void> } {
  let now = 0;
  return {
    now: () => now,
    delay: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

async function run(
  failures: readonly SyncError[],
): Promise<{ told: string[]; tries: number; outcome: unknown }> {
  const told: string[] = [];
  let tries = 0;
  const environment = { clock: makeClock(), signal: new AbortController().signal };
  const handle = {
    info: (key: string, params?: Readonly<Record<string, unknown>>) => {
      told.push(`${key} ${String(params?.['code'])}`);
    },
  };
  const outcome = await retryDatabase(environment, handle, () => {
    const failure = failures[Math.min(tries, failures.length - 1)];
    tries += 1;
    return failure === undefined || tries > failures.length
      ? Promise.resolve('done')
      : Promise.reject(failure);
  }).catch((error: unknown) => error);
  return { told, tries, outcome };
}

const deadlock = new SyncError('database.deadlock', { retryable: true });

test('a database that gives way to others is asked again, and it is told', async () => {
  expect(await run([deadlock, deadlock])).toEqual({
    told: Array(2).fill('session.databaseRetry database.deadlock'),
    tries: 3,
    outcome: 'done',
  });
});

test('not for ever', async () => {
  const { tries, outcome } = await run(Array<SyncError>(1000).fill(deadlock));
  expect(outcome).toBe(deadlock);
  expect(tries).toBeLessThan(100);
});

test('what trying again cannot help is told at once', async () => {
  const absent = new SyncError('database.absent');
  expect(await run([absent])).toEqual({ told: [], tries: 1, outcome: absent });
});
