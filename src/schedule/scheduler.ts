import type { Clock } from '../shared/clock';
import type { DepartureMemory } from './departure-memory';
import { lastDepartureAt, nextDepartureAt } from './next-departure';
import type { Schedule } from './schedule';

const MINUTE = 60_000;

/**
 * Longest single wait, milliseconds. A timer does not run while the machine sleeps, so that one set for hours would be
 * late by as long as it slept; someone may set the clock; and the settings may change.
 */
const LONGEST_WAIT = MINUTE;

/** A clock set back by less than this since a departure does not bring it again. */
const SAME_DEPARTURE = 2 * 60 * MINUTE;

/** A departure that comes later than this was missed: longer than any wait here, or a pause of the machine. */
const ON_TIME = 2 * LONGEST_WAIT;

export interface ScheduleOptions {
  /** Asked at each turn, so that a change of the settings needs no restart. */
  readonly schedule: () => Schedule;
  readonly memory: DepartureMemory;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /**
   * `planned`: milliseconds since 1970, UTC. `late`: the machine was off or asleep then; of several that it slept
   * through, the last one comes, once. What it throws ends the schedule.
   */
  readonly onDeparture: (planned: number, late: boolean) => void;
  /** One missed by more than the catch-up time: it will not be held. */
  readonly onMissed: (planned: number) => void;
  /** The memory could not be written: departures go on, but a start may hold one again. */
  readonly onUnsaved: (error: unknown) => void;
}

/** Calls at each departure until the signal aborts, and resolves then. */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { clock, signal, memory } = options;
  let schedule = options.schedule();
  let handled = await recall(options, schedule);
  let seen = clock.now();
  let next: number | null = 0;
  while (!signal.aborted) {
    const now = clock.now();
    const current = options.schedule();
    if (current !== schedule) {
      if (differ(current, schedule)) handled = now;
      schedule = current;
      next = 0;
    }
    // A clock set forward makes one due; one set back brings an earlier one, and far back was wrong before.
    if (now < seen) next = 0;
    if (handled - now > SAME_DEPARTURE) handled = now;
    seen = now;
    if (next !== null && now >= next) {
      const due = lastDepartureAt(schedule, now);
      if (due !== null && due > handled) {
        handled = due;
        await memory.save(schedule, due).catch(options.onUnsaved);
        depart(options, schedule, due, now);
      }
      next = nextDepartureAt(schedule, now);
    }
    if (!(await waited(clock, Math.min((next ?? Infinity) - now, LONGEST_WAIT), signal))) return;
  }
}

/** What was held when the program last ran; where nothing is known, everything until now. */
async function recall({ clock, memory, onUnsaved }: ScheduleOptions, schedule: Schedule): Promise<number> {
  const known = await memory.load(schedule);
  if (known !== null) return known;
  const now = clock.now();
  await memory.save(schedule, now).catch(onUnsaved);
  return now;
}

function differ(a: Schedule, b: Schedule): boolean {
  return a.timeZone !== b.timeZone || JSON.stringify(a.departures) !== JSON.stringify(b.departures);
}

function depart(
  { onDeparture, onMissed }: ScheduleOptions,
  schedule: Schedule,
  due: number,
  now: number,
): void {
  const late = now - due > ON_TIME;
  if (late && now - due > schedule.catchUpMinutes * MINUTE) onMissed(due);
  else onDeparture(due, late);
}

/** False when the wait was ended by the signal. */
async function waited(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.delay(milliseconds, signal);
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}
