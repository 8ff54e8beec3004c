import type { Clock } from '../shared/clock';

export interface Measured {
  /** What is being moved: another one is measured anew. */
  readonly subject: string;
  readonly done: number;
  readonly total: number | null;
}

/** A rate over less than this says nothing, milliseconds. */
const SHORTEST = 250;

/** How fast something advances, and how long the rest takes at that rate. */
export class ProgressMeter {
  readonly #clock: Clock;
  #subject: string | null = null;
  #startedAt = 0;
  /** What was done already when it began: a resumed transfer starts far from zero. */
  #before = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rate a second; milliseconds left. Null where they cannot be known (yet). */
  measure({ subject, done, total }: Measured): {
    readonly rate: number | null;
    readonly left: number | null;
  } {
    const now = this.#clock.now();
    if (subject !== this.#subject || done < this.#before) {
      this.#subject = subject;
      this.#startedAt = now;
      this.#before = done;
    }
    const elapsed = now - this.#startedAt;
    const passed = done - this.#before;
    if (elapsed < SHORTEST || passed <= 0) return { rate: null, left: null };
    const rate = (passed / elapsed) * 1000;
    return {
      rate: Math.round(rate),
      left: total === null ? null : Math.round(((total - done) / rate) * 1000),
    };
  }
}
