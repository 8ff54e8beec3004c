import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastDepartureAt, nextDeparture, nextDepartureAt } from '../../../src/schedule/next-departure';
import { EVERY_DAY, type Departure } from '../../../src/schedule/schedule';
import { wallClock } from './wall-clock';

const PARIS = 'Europe/Paris';
const at = (text: string): number => Date.parse(text);
const next = (departure: string, after: string, zone = PARIS): string | null =>
  nextDeparture({ departures: [{ time: departure, days: EVERY_DAY }], timeZone: zone }, at(after));

describe('the next departure', () => {
  test('is later today, or tomorrow, never now', () => {
    expect(next('22:00', '2026-11-24T20:59:59.999Z')).toBe('2026-11-24T22:00:00+01:00');
    expect(next('22:00', '2026-11-24T21:00:00Z')).toBe('2026-11-25T22:00:00+01:00');
    expect(next('00:00', '2026-12-31T22:59:59Z')).toBe('2027-01-01T00:00:00+01:00');
  });

  test('that the change of clocks skips is the first instant after', () => {
    expect(next('02:30', '2026-03-28T12:00:00Z')).toBe('2026-03-29T03:00:00+02:00');
    expect(next('02:00', '2026-03-28T12:00:00Z')).toBe('2026-03-29T03:00:00+02:00');
    expect(next('02:30', '2026-03-29T01:00:00Z')).toBe('2026-03-30T02:30:00+02:00');
  });

  test('that comes twice is the first of the two', () => {
    expect(next('02:30', '2026-10-24T12:00:00Z')).toBe('2026-10-25T02:30:00+02:00');
    // 02:15 for the second time: the 02:30 to come is the second one.
    expect(next('02:30', '2026-10-25T01:15:00Z')).toBe('2026-10-26T02:30:00+01:00');
  });

  test('of zones that change otherwise', () => {
    // Half an hour, southern hemisphere.
    expect(next('02:15', '2026-10-03T00:00:00Z', 'Australia/Lord_Howe')).toBe('2026-10-04T02:30:00+11:00');
    // At midnight.
    expect(next('00:30', '2026-09-05T12:00:00Z', 'America/Santiago')).toBe('2026-09-06T01:00:00-03:00');
    // Samoa had no 30 December 2011: no departure either.
    expect(next('22:00', '2011-12-30T09:00:00Z', 'Pacific/Apia')).toBe('2011-12-31T22:00:00+14:00');
  });

  test('of a day that has begun when clocks go back to the day before', () => {
    // Until 2011 Newfoundland set its clocks back at a minute past midnight: 7 November had begun, and 6 November came again.
    const zone = 'America/St_Johns';
    expect(next('00:00', '2010-11-07T02:25:00Z', zone)).toBe('2010-11-07T00:00:00-02:30');
    const again = at('2010-11-07T03:00:00Z');
    expect(next('00:00', '2010-11-07T03:00:00Z', zone)).toBe('2010-11-08T00:00:00-03:30');
    expect(lastDepartureAt({ departures: [{ time: '00:00', days: EVERY_DAY }], timeZone: zone }, again)).toBe(
      at('2010-11-07T02:30:00Z'),
    );
  });

  test('of what is no time, or no zone, is none', () => {
    expect(next('soon', '2026-11-24T20:00:00Z')).toBeNull();
    expect(next('22:00', '2026-11-24T20:00:00Z', 'Europe/Nowhere')).toBeNull();
  });
});

describe('departures on chosen days', () => {
  const WORK: Departure = { time: '12:30', days: [1, 2, 3, 4, 5] };
  const NIGHT: Departure = { time: '22:00', days: EVERY_DAY };
  const after = (text: string, departures: readonly Departure[]): string | null =>
    nextDeparture({ departures, timeZone: PARIS }, at(text));

  test('pass over the others', () => {
    // 2026-11-27 is a Friday.
    expect(after('2026-11-27T12:00:00Z', [WORK])).toBe('2026-11-30T12:30:00+01:00');
    expect(after('2026-11-27T10:00:00Z', [WORK, NIGHT])).toBe('2026-11-27T12:30:00+01:00');
    expect(after('2026-11-27T12:00:00Z', [WORK, NIGHT])).toBe('2026-11-27T22:00:00+01:00');
    expect(after('2026-11-27T21:00:00Z', [WORK, NIGHT])).toBe('2026-11-28T22:00:00+01:00');
  });

  test('wait two weeks where the zone skipped the day', () => {
    // Samoa had no Friday 30 December 2011.
    const fridays = { departures: [{ time: '22:00', days: [5] }], timeZone: 'Pacific/Apia' };
    expect(nextDeparture(fridays, at('2011-12-24T10:00:00Z'))).toBe('2012-01-06T22:00:00+14:00');
    expect(lastDepartureAt(fridays, at('2012-01-06T07:00:00Z'))).toBe(at('2011-12-24T08:00:00Z'));
  });
});

/** Departures between two instants, walked through one after the other. */
function walk(departures: readonly Departure[], timeZone: string, from: number, to: number): number[] {
  const found: number[] = [];
  for (let now = from; ;) {
    const next = nextDepartureAt({ departures, timeZone }, now);
    if (next === null || next >= to) return found;
    expect(next).toBeGreaterThan(now);
    found.push(next);
    now = next;
  }
}

const ZONES = [
  PARIS,
  'America/Santiago',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Africa/Casablanca',
];

test.each(ZONES)(
  'over ten years in %s each chosen day has its departure, once, when clocks first show it or have passed it',
  (timeZone) => {
    const departures = [
      { time: '02:30', days: EVERY_DAY },
      { time: '00:15', days: [7] },
      { time: '22:00', days: [1, 2, 3, 4, 5] },
    ];
    const wall = wallClock(timeZone);
    const from = at('2021-01-01T12:00:00Z');
    const to = at('2031-01-01T12:00:00Z');
    const found = walk(departures, timeZone, from, to);
    // Each departure is claimed by the configured times that clocks reach at that instant.
    const claims = found.flatMap((instant) => {
      const before = wall(instant - 1);
      const now = wall(instant);
      const claimed = departures
        .filter(({ days }) => days.includes(now.weekday))
        .map(({ time }) => `${now.date} ${time}`)
        .filter((planned) => before.text < planned && planned <= now.text);
      expect(claimed, new Date(instant).toISOString()).not.toEqual([]);
      return claimed;
    });
    const expected = wall
      .days(from, to)
      .flatMap(({ date, weekday }) =>
        departures.filter(({ days }) => days.includes(weekday)).map(({ time }) => `${date} ${time}`),
      );
    const inside = expected.filter((planned) => planned > wall(from).text && planned < wall(to).text);
    expect(claims.sort()).toEqual(inside.sort());
    expect(claims.length).toBeGreaterThan(6500);
  },
);

const aTime = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const aDeparture = fc.record({
  time: aTime,
  days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
});
const times = fc.record({
  departures: fc.array(aDeparture, { minLength: 1, maxLength: 4 }),
  timeZone: fc.constantFrom(...ZONES, 'America/Sao_Paulo', 'Pacific/Apia', 'UTC'),
});
/** Around a change of clocks more often than not: the last days of March and of October, and Samoa's lost day. */
const instant = fc.oneof(
  fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') }),
  fc
    .tuple(
      fc.constantFrom('2026-03-29', '2026-10-25', '2026-04-05', '2026-09-06', '2011-12-30', '2018-11-04'),
      fc.integer({ min: -48, max: 48 }),
    )
    .map(([date, half]) => at(`${date}T00:00:00Z`) + half * 1_800_000),
);

describe('for any schedule and instant', () => {
  test('next and last departure are each other’s neighbour', () => {
    fc.assert(
      fc.property(times, instant, (schedule, now) => {
        const next = nextDepartureAt(schedule, now);
        const last = lastDepartureAt(schedule, now);
        if (next === null || last === null) return expect.unreachable();
        expect(last).toBeLessThanOrEqual(now);
        expect(next).toBeGreaterThan(now);
        expect(lastDepartureAt(schedule, next)).toBe(next);
        expect(lastDepartureAt(schedule, next - 1)).toBe(last);
        expect(nextDepartureAt(schedule, last)).toBe(next);
      }),
      { numRuns: 300 },
    );
  });

  test('more departures never make the next one later', () => {
    fc.assert(
      fc.property(times, aDeparture, instant, ({ departures, timeZone }, another, now) => {
        const next = nextDepartureAt({ departures, timeZone }, now) ?? Infinity;
        const alone = nextDepartureAt({ departures: [another], timeZone }, now) ?? Infinity;
        expect(nextDepartureAt({ departures: [...departures, another], timeZone }, now)).toBe(
          Math.min(next, alone),
        );
      }),
      { numRuns: 300 },
    );
  });
});
