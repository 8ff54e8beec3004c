import { DateTime } from 'luxon';

const HOUR = 3_600_000;
/** How far from a wall time its offset can be looked for: more than any zone has ever been moved at once. */
const PROBE = 36 * HOUR;

/** As `nextDepartureAt`, in ISO 8601 with the zone's offset; null for a time that is none. */
export function nextDeparture(departure: string, after: number, zone = 'local'): string | null {
  const at = nextDepartureAt(departure, after, zone);
  return at === null ? null : DateTime.fromMillis(at, { zone }).toISO({ suppressMilliseconds: true });
}

/**
 * The first departure strictly after an instant (milliseconds since 1970, UTC), at `HH:MM` of each day in a time zone.
 * A time that a change of clocks skips is the first instant after it; one that comes twice is the first of the two.
 * Null when the time or the zone is none.
 */
export function nextDepartureAt(departure: string, after: number, zone = 'local'): number | null {
  const time = /^(\d\d):(\d\d)$/.exec(departure);
  const today = DateTime.fromMillis(after, { zone }).startOf('day');
  if (time === null || !today.isValid) return null;
  const minutes = Number(time[1]) * 60 + Number(time[2]);
  // Not before today, for an instant on its second passage is after both; three days, for a zone can skip one.
  for (let days = 0; days <= 3; days++) {
    const { year, month, day } = today.plus({ days });
    const at = instantOf(Date.UTC(year, month - 1, day, 0, minutes), zone);
    if (at > after) return at;
  }
  return null;
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
