import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nextDepartureAt } from '../../../src/schedule/next-departure';
import { departureFile, type Departed, type DepartureMemory } from '../../../src/schedule/departure-memory';
import { EVERY_DAY, type Schedule } from '../../../src/schedule/schedule';
import { runSchedule, type ScheduleOptions } from '../../../src/schedule/scheduler';
import type { Clock } from '../../../src/shared/clock';
import { seededRandom } from '../../support/random';

const HOUR = 3_600_000;

const daily = (time: string, catchUpMinutes = 180): Schedule => ({
  departures: [{ time, days: EVERY_DAY }],
  timeZone: 'Europe/Paris',
  catchUpMinutes,
});

function memoryOf(handled: string | null): DepartureMemory {
  let known: Departed | null = handled === null ? null : { handled: Date.parse(handled), begun: null };
  return {
    load: () => Promise.resolve(known),
    save: (_, departed) => {
      known = departed;
      return Promise.resolve();
    },
  };
}

interface Told {
  readonly planned: string[];
  readonly late: string[];
  readonly missed: string[];
  readonly waits: number[];
}

/**
 * Runs a schedule on a clock that jumps to the end of each wait, and by whatever `jump` adds: a sleep, or someone who
 * sets it. Ends when the clock has run for `hours`, jumps left out.
 */
async function run(
  start: string,
  hours: number,
  schedule: Schedule | (() => Schedule),
  { jump = () => 0, handled = null }: { jump?: (now: number) => number; handled?: string | null } = {},
): Promise<Told> {
  const stop = new AbortController();
  const told: Told = { planned: [], late: [], missed: [], waits: [] };
  let now = Date.parse(start);
  let left = hours * HOUR;
  const clock: Clock = {
    now: () => now,
    delay: (milliseconds) => {
      told.waits.push(milliseconds);
      now += milliseconds;
      now += jump(now);
      left -= milliseconds;
      if (left >= 0) return Promise.resolve();
      stop.abort(new Error('the test ends'));
      return Promise.reject(new Error('the test ends'));
    },
  };
  const at = (planned: number): string => new Date(planned).toISOString().slice(0, 16);
  await runSchedule({
    schedule: typeof schedule === 'function' ? schedule : () => schedule,
    memory: memoryOf(handled),
    clock,
    signal: stop.signal,
    onDeparture: (planned, kind) => {
      (kind === 'onTime' ? told.planned : told.late).push(at(planned));
      return Promise.resolve(true);
    },
    onMissed: (planned) => told.missed.push(at(planned)),
    onUnsaved: () => expect.unreachable(),
  });
  return told;
}

/** Adds once, at the first moment past `when`. */
function once(when: string, add: number | ((now: number) => number)): (now: number) => number {
  let done = false;
  return (now) => {
    if (done || now < Date.parse(when)) return 0;
    done = true;
    return typeof add === 'number' ? add : add(now);
  };
}

test('departs each day for two years, on time, and never trusts one timer for long', async () => {
  const { planned, late, missed, waits } = await run('2026-01-01T12:00:00Z', 730 * 24, daily('02:30'));
  expect(planned).toHaveLength(730);
  expect(new Set(planned.map((at) => at.slice(0, 10))).size).toBe(730);
  expect(planned).toContain('2026-03-29T01:00');
  expect(planned).toContain('2026-10-25T00:30');
  expect([...late, ...missed]).toEqual([]);
  expect(waits.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(60_000);
}, 30_000);

test('over ten years of a machine that sleeps more often than not each departure is held, caught up once, or told as missed', async () => {
  const start = '2026-01-01T12:00:00Z';
  const schedule: Schedule = {
    departures: [
      { time: '02:30', days: EVERY_DAY },
      { time: '12:30', days: [1, 4] },
    ],
    timeZone: 'Europe/Paris',
    catchUpMinutes: 180,
  };
  const random = seededRandom(7);
  const turns = [Date.parse(start)];
  // Awake for an hour at a time, then asleep for up to thirty.
  const jump = (now: number): number => {
    const sleep = random.chance(1 / 60) ? random.below(30 * HOUR) : 0;
    turns.push(now + sleep);
    return sleep;
  };
  const told = await run(start, 6_000, schedule, { jump });
  expect((turns.at(-1) ?? 0) - Date.parse(start)).toBeGreaterThan(10 * 365.25 * 24 * HOUR);
  const expected: Record<'planned' | 'late' | 'missed', string[]> = { planned: [], late: [], missed: [] };
  let next = nextDepartureAt(schedule, Date.parse(start)) ?? 0;
  for (const now of turns.slice(0, -1)) {
    let due: number | null = null;
    for (; next <= now; next = nextDepartureAt(schedule, next) ?? Infinity) due = next;
    if (due === null) continue;
    const kind = now - due <= 120_000 ? 'planned' : now - due <= 180 * 60_000 ? 'late' : 'missed';
    expected[kind].push(new Date(due).toISOString().slice(0, 16));
  }
  expect(told).toMatchObject(expected);
  expect(Object.values(expected).every((list) => list.length > 300)).toBe(true);
}, 30_000);

describe('after a sleep', () => {
  test('over several departures departs once, at waking', async () => {
    const jump = once('2026-11-24T12:00:00Z', 58.5 * HOUR);
    const told = await run('2026-11-24T12:00:00Z', 30, daily('22:00'), { jump });
    expect(told).toMatchObject({ late: ['2026-11-26T21:00'], planned: ['2026-11-27T21:00'], missed: [] });
  });

  test('that lasted beyond the time to catch up says so, and waits for the next', async () => {
    const jump = once('2026-11-24T20:00:00Z', 12 * HOUR);
    const told = await run('2026-11-24T20:00:00Z', 20, daily('22:00'), { jump });
    expect(told).toMatchObject({ late: [], planned: ['2026-11-25T21:00'], missed: ['2026-11-24T21:00'] });
  });

  test('that ends a minute after departure is on time, even where nothing is caught up', async () => {
    const jump = once('2026-11-24T20:50:00Z', 11 * 60_000);
    const told = await run('2026-11-24T20:00:00Z', 3, daily('22:00', 0), { jump });
    expect(told).toMatchObject({ late: [], planned: ['2026-11-24T21:00'], missed: [] });
  });
});

describe('at its start', () => {
  const start = '2026-11-24T22:30:00Z';

  test('catches up what it missed while it was off, once', async () => {
    const told = await run(start, 2, daily('22:00'), { handled: '2026-11-22T21:00:00Z' });
    expect(told).toMatchObject({ late: ['2026-11-24T21:00'], planned: [], missed: [] });
  });

  test('does not hold again what was held', async () => {
    const told = await run(start, 2, daily('22:00'), { handled: '2026-11-24T21:00:00Z' });
    expect(told).toMatchObject({ late: [], planned: [], missed: [] });
  });

  test('for the first time has missed nothing', async () => {
    expect(await run(start, 2, daily('22:00'))).toMatchObject({ late: [], planned: [], missed: [] });
  });
});

describe('a departure that the end of the program interrupted', () => {
  const SET = daily('22:00');
  const due = Date.parse('2026-11-24T21:00:00Z');
  const yesterday = due - 24 * HOUR;

  /** A start at `now`, whose departures last until the program ends with a power cut, or in good order. */
  async function start(now: number, memory: DepartureMemory, end: 'cut' | 'quit' | 'held', schedule = SET) {
    const stop = new AbortController();
    const told: string[] = [];
    let turns = 0;
    let quit = (): void => undefined;
    const clock: Clock = {
      now: () => now + turns * 1000,
      delay: async () => {
        // Everything that is under way goes on.
        await new Promise((resolve) => setImmediate(resolve));
        turns += 1;
        if (turns < 5) return;
        stop.abort();
        quit();
      },
    };
    const ran = runSchedule({
      schedule: () => schedule,
      memory,
      clock,
      signal: stop.signal,
      onDeparture: (planned, kind) => {
        told.push(`${kind} ${new Date(planned).toISOString().slice(0, 16)}`);
        if (end === 'held') return Promise.resolve(true);
        return new Promise((resolve) => (quit = () => (end === 'quit' ? resolve(false) : undefined)));
      },
      onMissed: () => told.push('missed'),
      onUnsaved: () => expect.unreachable(),
    });
    // Nothing waits for a process that a power cut has ended.
    if (end === 'cut') await vi.waitUntil(() => stop.signal.aborted);
    else await ran;
    return told;
  }

  function departing(): DepartureMemory {
    return memoryOf(new Date(yesterday).toISOString());
  }

  test.each(['cut', 'quit'] as const)('by a %s is started again, at once, until it is held', async (end) => {
    const memory = departing();
    expect(await start(due, memory, end)).toEqual(['onTime 2026-11-24T21:00']);
    expect(await start(due + 60_000, memory, end)).toEqual(['again 2026-11-24T21:00']);
    expect(await start(due + HOUR, memory, 'held')).toEqual(['again 2026-11-24T21:00']);
    expect(await start(due + 2 * HOUR, memory, 'held')).toEqual([]);
  });

  test('is not started again past the time to catch up, and is told once', async () => {
    const memory = departing();
    await start(due, memory, 'cut');
    expect(await start(due + 4 * HOUR, memory, 'held')).toEqual(['missed']);
    expect(await start(due + 5 * HOUR, memory, 'held')).toEqual([]);
  });

  test('gives way to a later one', async () => {
    const memory = departing();
    await start(due, memory, 'cut');
    expect(await start(due + 25 * HOUR, memory, 'held')).toEqual(['late 2026-11-25T21:00']);
  });

  test('is not started again where departures were moved meanwhile', async () => {
    const file = departureFile(join(await mkdtemp(join(tmpdir(), 'departure-')), 'schedule.json'));
    await file.save(SET, { handled: yesterday, begun: null });
    await start(due, file, 'cut');
    expect(await start(due + HOUR, file, 'held', daily('21:30'))).toEqual([]);
  });
});

describe('a clock that is set', () => {
  test('back a little does not bring a departure again', async () => {
    const jump = once('2026-11-24T21:05:00Z', -HOUR);
    const told = await run('2026-11-24T20:00:00Z', 12, daily('22:00'), { jump });
    expect(told).toMatchObject({ planned: ['2026-11-24T21:00'], late: [] });
  });

  test('forward over a departure brings it at once', async () => {
    const jump = once('2026-11-24T12:00:00Z', 10 * HOUR);
    const told = await run('2026-11-24T11:00:00Z', 4, daily('22:00'), { jump });
    expect(told).toMatchObject({ planned: [], late: ['2026-11-24T21:00'] });
  });

  test('right after years of error departs at the right time', async () => {
    const jump = once('2030-11-24T22:00:00Z', (now) => Date.parse('2026-11-24T12:00:00Z') - now);
    const told = await run('2030-11-24T20:00:00Z', 24, daily('22:00'), { jump });
    expect(told).toMatchObject({ planned: ['2030-11-24T21:00', '2026-11-24T21:00'], late: [] });
  });

  test('right while the machine was off departs at the right time', async () => {
    const told = await run('2026-11-24T12:00:00Z', 12, daily('22:00'), { handled: '2030-11-24T21:00:00Z' });
    expect(told).toMatchObject({ planned: ['2026-11-24T21:00'], late: [] });
  });
});

test('a changed setting counts from the next turn on, and an hour gone by was not missed', async () => {
  let turns = 0;
  const before = daily('22:00');
  const after = {
    ...daily('11:00'),
    departures: ['12:10', '14:00'].map((time) => ({ time, days: EVERY_DAY })),
  };
  const told = await run('2026-11-24T11:00:00Z', 12, () => (++turns < 30 ? before : after));
  expect(told).toMatchObject({ planned: ['2026-11-24T13:00'], late: [], missed: [] });
});

test('ends when it is told to, and fails when its clock does', async () => {
  const stop = new AbortController();
  stop.abort();
  const broken: Clock = { now: () => 0, delay: () => Promise.reject(new Error('broken')) };
  const options: Omit<ScheduleOptions, 'signal'> = {
    schedule: () => daily('22:00'),
    memory: memoryOf(null),
    clock: broken,
    onDeparture: () => expect.unreachable(),
    onMissed: () => expect.unreachable(),
    onUnsaved: () => expect.unreachable(),
  };
  await runSchedule({ ...options, signal: stop.signal });
  await expect(runSchedule({ ...options, signal: new AbortController().signal })).rejects.toThrow('broken');
});

test('departures go on where what was held cannot be written', async () => {
  const stop = new AbortController();
  const planned: number[] = [];
  const unsaved: unknown[] = [];
  let now = Date.parse('2026-11-24T20:00:00Z');
  await runSchedule({
    schedule: () => daily('22:00'),
    memory: {
      load: () => Promise.resolve({ handled: now, begun: null }),
      save: () => Promise.reject(new Error('full')),
    },
    clock: {
      now: () => now,
      delay: (milliseconds) => {
        now += milliseconds;
        if (planned.length > 1) stop.abort();
        return Promise.resolve();
      },
    },
    signal: stop.signal,
    onDeparture: (at) => Promise.resolve(planned.push(at) > 0),
    onMissed: () => expect.unreachable(),
    onUnsaved: (error) => unsaved.push(error),
  });
  expect(planned).toHaveLength(2);
  // Before and after each.
  expect(unsaved).toHaveLength(4);
});

describe('the file of the last departure', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'departure-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('gives back what was held, and nothing for other departures or a broken file', async () => {
    const file = join(folder, 'schedule.json');
    const memory = departureFile(file);
    const held = Date.parse('2026-11-24T21:00:00Z');
    expect(await memory.load(daily('22:00'))).toBeNull();
    const departed = { handled: held, begun: held + HOUR };
    await memory.save(daily('22:00'), departed);
    expect(await memory.load(daily('22:00'))).toEqual(departed);
    // As versions before wrote it.
    await writeFile(file, (await readFile(file, 'utf8')).replace(/"begun":"[^"]*",/, ''));
    expect(await memory.load(daily('22:00'))).toEqual({ handled: held, begun: null });
    expect(await memory.load(daily('23:00'))).toBeNull();
    expect(await memory.load({ ...daily('22:00'), timeZone: 'system' })).toBeNull();
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 20));
    expect(await memory.load(daily('22:00'))).toBeNull();
  });
});
