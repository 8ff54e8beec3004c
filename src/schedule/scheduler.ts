import type { Clock } from '../shared/clock';
import { nextDepartureAt } from './next-departure';

/**
 * Longest single wait, milliseconds. A timer does not run while the machine sleeps, so that one set for hours would be
 * late by as long as it slept; and someone may set the clock.
 */
const LONGEST_WAIT = 60_000;

/** After a departure, a clock set back by less than this does not bring it again. */
const SAME_DEPARTURE = 12 * 3_600_000;

export interface ScheduleOptions {
  /** `HH:MM`. */
  readonly departure: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** IANA name; the machine's own by default. */
  readonly zone?: string;
  /**
   * `planned`: milliseconds since 1970, UTC. Called late, and once, when the machine slept through one or more.
   * What it throws ends the schedule.
   */
  readonly onDeparture: (planned: number) => void;
}

/** Calls at each departure until the signal aborts, and resolves then. */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { departure, clock, signal, zone, onDeparture } = options;
  let last: number | null = null;
  let seen = clock.now();
  let next = nextDepartureAt(departure, seen, zone);
  while (next !== null && !signal.aborted) {
    const now = clock.now();
    const due = now >= next;
    if (due) {
      last = next;
      onDeparture(next);
    }
    // A clock set forward makes it due; one set back brings an earlier one.
    if (due || now < seen) next = nextDepartureAt(departure, anchor(now, last), zone);
    if (next === null) return;
    seen = now;
    const stopped = await clock.delay(Math.min(next - now, LONGEST_WAIT), signal).then(
      () => false,
      (error: unknown) => {
        if (!signal.aborted) throw error;
        return true;
      },
    );
    if (stopped) return;
  }
}

function anchor(now: number, last: number | null): number {
  return last !== null && last > now && last - now < SAME_DEPARTURE ? last : now;
}
