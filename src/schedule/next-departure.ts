import { DateTime } from 'luxon';
import type { Schedule } from './schedule';

const HOUR = 3_600_000;
/** How far from a wall time its offset can be looked for: more than any zone has ever been moved at once. */
const PROBE = 36 * HOUR;
/** A zone can skip a day: then one departure a week is two weeks from the one before. */
const FURTHEST_DAY = 15;

/** What of a schedule says when its departures are. */
export type Times = Pick<Schedule, 'departures' | 'timeZone'>;

/** As `nextDepartureAt`, in ISO 8601 with the zone's offset; null where there is none. */
export function nextDeparture(schedule: Times, after: number): string | null {
  const at = nextDepartureAt(schedule, after);
  return at === null
    ? null
    : DateTime.fromMillis(at, { zone: schedule.timeZone }).toISO({ suppressMilliseconds: true });
}

/** An instant as clocks of the schedule's zone show it, `2026-11-24 22:00`. */
export function momentText({ timeZone }: Pick<Schedule, 'timeZone'>, at: number): string {
  return DateTime.fromMillis(at, { zone: timeZone }).toFormat('yyyy-MM-dd HH:mm');
}

/**
 * The first departure strictly after an instant (milliseconds since 1970, UTC).
 * A time that a change of clocks skips is the first instant after it; one that comes twice is the first of the two.
 * Null when there is none, or the zone is none.
 */
export function nextDepartureAt(schedule: Times, after: number): number | null {
  // Not before today, for an instant on its second passage is after both.
  for (let days = 0; days <= FURTHEST_DAY; days++) {
    const later = instantsOn(schedule, after, days).filter((at) => at > after);
    if (later.length > 0) return Math.min(...later);
  }
  return null;
}

/** The last departure at or before an instant, as `nextDepartureAt` counts them. */
export function lastDepartureAt(schedule: Times, before: number): number | null {
  // From tomorrow on: clocks set back at midnight show a day that has begun, and then the day before again.
  for (let days = 1; days >= -FURTHEST_DAY; days--) {
    const earlier = instantsOn(schedule, before, days).filter((at) => at <= before);
    if (earlier.length > 0) return Math.max(...earlier);
  }
  return null;
}

/** Departures of the day that is `days` after the one of an instant. */
function instantsOn({ departures, timeZone: zone }: Times, instant: number, days: number): number[] {
  const date = DateTime.fromMillis(instant, { zone }).startOf('day').plus({ days });
  if (!date.isValid) return [];
  const { year, month, day, weekday } = date;
  return departures
    .filter((departure) => departure.days.includes(weekday))
    .flatMap(({ time }) => {
      const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(time) ?? [];
      return hours === undefined
        ? []
        : [instantOf(Date.UTC(year, month - 1, day, Number(hours), Number(minutes)), zone)];
    });
}

/** When clocks of the zone first show a time, given as if it were UTC; or, if they never do, when they have passed it. */
function instantOf(wall: number, zone: string): number {
  const early = wall - offsetAt(wall - PROBE, zone);
  const late = wall - offsetAt(wall + PROBE, zone);
  const candidates = early <= late ? [early, late] : [late, early];
  const shown = candidates.find((at) => at + offsetAt(at, zone) === wall);
  return shown ?? firstAfter(wall, zone, wall - PROBE, wall + PROBE);
}

/** The first instant at which clocks show `wall` or later, by halving: within a gap that is where it ends. */
function firstAfter(wall: number, zone: string, from: number, to: number): number {
  let before = from;
  let passed = to;
  while (passed - before > 1) {
    const middle = Math.floor((before + passed) / 2);
    if (middle + offsetAt(middle, zone) >= wall) passed = middle;
    else before = middle;
  }
  return passed;
}

/** Milliseconds that clocks of the zone are ahead of UTC. */
function offsetAt(at: number, zone: string): number {
  return DateTime.fromMillis(at, { zone }).offset * 60_000;
}
