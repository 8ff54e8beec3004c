import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import { nextDeparture, nextDepartureAt } from '../../../src/schedule/next-departure';

const PARIS = 'Europe/Paris';
const at = (text: string): number => Date.parse(text);
const next = (departure: string, after: string, zone = PARIS): string | null =>
  nextDeparture(departure, at(after), zone);

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

  test('of what is no time, or no zone, is none', () => {
    expect(next('soon', '2026-11-24T20:00:00Z')).toBeNull();
    expect(next('22:00', '2026-11-24T20:00:00Z', 'Europe/Nowhere')).toBeNull();
  });

  test.each(['00:00', '01:59', '02:00', '02:30', '03:00', '22:00'])(
    'at %s comes once a day for two years, whatever the instant it is asked from',
    (departure) => {
      let now = at('2026-01-01T12:00:00Z');
      const end = at('2028-01-01T12:00:00Z');
      const days: string[] = [];
      for (;;) {
        const found = nextDepartureAt(departure, now, PARIS);
        if (found === null) return expect.unreachable();
        if (found >= end) break;
        expect(found).toBeGreaterThan(now);
        expect(nextDepartureAt(departure, found - 1, PARIS)).toBe(found);
        const local = DateTime.fromMillis(found, { zone: PARIS });
        const skipped = local.month === 3 && local.toFormat('HH:mm') === '03:00';
        if (!skipped) expect(local.toFormat('HH:mm')).toBe(departure);
        days.push(local.toISODate() ?? '');
        now = found;
      }
      expect(new Set(days).size).toBe(days.length);
      expect(days).toHaveLength(730);
    },
  );
});
