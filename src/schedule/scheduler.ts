import type { Clock } from '../shared/clock';
import type { Departed, DepartureMemory } from './departure-memory';
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

/**
 * `late`: the machine was off or asleep at its time; of several that it slept through, the last one comes, once.
 * `again`: it had begun, and the program ended in its midst.
 */
export type DepartureKind = 'onTime' | 'late' | 'again';

export interface ScheduleOptions {
  /** Asked at each turn, so that a change of the settings needs no restart. */
  readonly schedule: () => Schedule;
  readonly memory: DepartureMemory;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /**
   * `planned`: milliseconds since 1970, UTC. Resolves once the departure is over, to whether it needs no more care:
   * false where the program ends in its midst. Never rejects.
   */
  readonly onDeparture: (planned: number, kind: DepartureKind) => Promise<boolean>;
  /** One missed by more than the catch-up time: it will not be held. */
  readonly onMissed: (planned: number) => void;
  /** The memory could not be written: departures go on, but a start may hold one again. */
  readonly onUnsaved: (error: unknown) => void;
}

/** Calls at each departure until the signal aborts, and resolves once the last one is over then. */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { clock, signal, memory } = options;
  let schedule = options.schedule();
  const { handled: known, begun: interrupted } = await recall(options, schedule);
  let handled = known;
  const notes = new DepartureNotes(memory, options.onUnsaved);
  let departing: Promise<unknown> = Promise.resolve();
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
        const departed = depart(options, notes, { schedule, due, now, handled, again: due === interrupted });
        departing = Promise.all([departing, departed]);
        handled = due;
      }
      next = nextDepartureAt(schedule, now);
    }
    if (!(await waited(clock, Math.min((next ?? Infinity) - now, LONGEST_WAIT), signal))) break;
  }
  await departing;
}

/** What was held when the program last ran; where nothing is known, everything until now. */
async function recall({ clock, memory, onUnsaved }: ScheduleOptions, schedule: Schedule): Promise<Departed> {
  const known = await memory.load(schedule);
  if (known !== null) return known;
  const departed = { handled: clock.now(), begun: null };
  await memory.save(schedule, departed).catch(onUnsaved);
  return departed;
}

function differ(a: Schedule, b: Schedule): boolean {
  return a.timeZone !== b.timeZone || JSON.stringify(a.departures) !== JSON.stringify(b.departures);
}

interface Due {
  readonly schedule: Schedule;
  readonly due: number;
  readonly now: number;
  /** The last one before it. */
  readonly handled: number;
  /** It had begun when the program last ended. */
  readonly again: boolean;
}

async function depart(
  { onDeparture, onMissed }: ScheduleOptions,
  notes: DepartureNotes,
  { schedule, due, now, handled, again }: Due,
): Promise<void> {
  const late = again || now - due > ON_TIME;
  await notes.begun(schedule, due, handled);
  if (late && now - due > schedule.catchUpMinutes * MINUTE) onMissed(due);
  else if (!(await onDeparture(due, again ? 'again' : late ? 'late' : 'onTime'))) return;
  await notes.over(schedule, due);
}

/** What the memory is told: on disk before a departure and after it, so that one that is interrupted is not lost. */
class DepartureNotes {
  readonly #memory: DepartureMemory;
  readonly #onUnsaved: (error: unknown) => void;
  #begun: number | null = null;
  /** Notes follow each other. */
  #writing: Promise<void> = Promise.resolve();

  constructor(memory: DepartureMemory, onUnsaved: (error: unknown) => void) {
    this.#memory = memory;
    this.#onUnsaved = onUnsaved;
  }

  begun(schedule: Schedule, due: number, handled: number): Promise<void> {
    this.#begun = due;
    return this.#write(schedule, { handled, begun: due });
  }

  /** Of two that were held together, the later one says it. */
  over(schedule: Schedule, due: number): Promise<void> {
    return this.#begun === due ? this.#write(schedule, { handled: due, begun: null }) : this.#writing;
  }

  #write(schedule: Schedule, departed: Departed): Promise<void> {
    this.#writing = this.#writing.then(() => this.#memory.save(schedule, departed)).catch(this.#onUnsaved);
    return this.#writing;
  }
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
