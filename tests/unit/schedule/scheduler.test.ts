import { expect, test } from 'vitest';
import { runSchedule } from '../../../src/schedule/scheduler';
import type { Clock } from '../../../src/shared/clock';

const HOUR = 3_600_000;
const zone = 'Europe/Paris';

/** A clock that jumps to the end of each wait, and by whatever `jump` adds; stops the schedule at `end`. */
function jumpingClock(start: string, end: string, jump: (now: number) => number = () => 0) {
  const stop = new AbortController();
  const waits: number[] = [];
  let now = Date.parse(start);
  const clock: Clock = {
    now: () => now,
    delay: (milliseconds, signal) => {
      waits.push(milliseconds);
      now += milliseconds;
      now += jump(now);
      if (now >= Date.parse(end)) stop.abort(new Error('the test ends'));
      return signal?.aborted === true ? Promise.reject(new Error('the test ends')) : Promise.resolve();
    },
  };
  return { clock, signal: stop.signal, waits };
}

function fired(clock: ReturnType<typeof jumpingClock>, departure: string): Promise<string[]> {
  const planned: string[] = [];
  return runSchedule({
    departure,
    clock: clock.clock,
    signal: clock.signal,
    zone,
    onDeparture: (at) => planned.push(new Date(at).toISOString()),
  }).then(() => planned);
}

test('departs each day for two years, and never trusts one timer for long', async () => {
  const clock = jumpingClock('2026-01-01T12:00:00Z', '2028-01-01T12:00:00Z');
  const planned = await fired(clock, '02:30');
  expect(planned).toHaveLength(730);
  expect(new Set(planned.map((at) => at.slice(0, 10))).size).toBe(730);
  expect(planned).toContain('2026-03-29T01:00:00.000Z');
  expect(planned).toContain('2026-10-25T00:30:00.000Z');
  expect(clock.waits.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(HOUR);
}, 30_000);

test('after a sleep over departures, departs once, at waking', async () => {
  let slept = false;
  const clock = jumpingClock('2026-11-24T12:00:00Z', '2026-11-28T12:00:00Z', () => {
    if (slept) return 0;
    slept = true;
    return 2.5 * 24 * HOUR;
  });
  expect(await fired(clock, '22:00')).toEqual(['2026-11-24T21:00:00.000Z', '2026-11-27T21:00:00.000Z']);
});

test('a clock set back a little does not bring a departure again', async () => {
  let back = false;
  const clock = jumpingClock('2026-11-24T20:00:00Z', '2026-11-25T12:00:00Z', (now) => {
    if (back || now < Date.parse('2026-11-24T21:05:00Z')) return 0;
    back = true;
    return -HOUR;
  });
  expect(await fired(clock, '22:00')).toEqual(['2026-11-24T21:00:00.000Z']);
});

test('a clock set right after years of error departs at the right time', async () => {
  let right = false;
  const clock = jumpingClock('2030-11-24T20:00:00Z', '2030-11-24T23:00:00Z', (now) => {
    if (right || now < Date.parse('2030-11-24T22:00:00Z')) return 0;
    right = true;
    return Date.parse('2026-11-24T12:00:00Z') - now;
  });
  const stop = Date.parse('2026-11-25T12:00:00Z');
  const planned: string[] = [];
  const ended = new AbortController();
  await runSchedule({
    departure: '22:00',
    clock: {
      now: () => clock.clock.now(),
      delay: async (milliseconds) => {
        await clock.clock.delay(milliseconds);
        if (right && clock.clock.now() > stop) {
          ended.abort();
          throw new Error('aborted');
        }
      },
    },
    signal: ended.signal,
    zone,
    onDeparture: (at) => planned.push(new Date(at).toISOString()),
  });
  expect(planned).toEqual(['2030-11-24T21:00:00.000Z', '2026-11-24T21:00:00.000Z']);
});

test('ends when it is told to, and fails when its clock does', async () => {
  const stop = new AbortController();
  stop.abort();
  const options = { departure: '22:00', signal: stop.signal, onDeparture: () => expect.unreachable() };
  const broken: Clock = { now: () => 0, delay: () => Promise.reject(new Error('broken')) };
  await runSchedule({ ...options, clock: broken });
  await expect(
    runSchedule({ ...options, clock: broken, signal: new AbortController().signal }),
  ).rejects.toThrow('broken');
});
