import { ProgressMeter } from '../session/progress-meter';
import type { Clock } from '../shared/clock';
import type { SnapshotProgress } from './contract';
import { throttled } from './throttle';

/** Progress is told at most this often, milliseconds. */
const PROGRESS_INTERVAL = 200;

/** The writing or loading of a starting point that is under way: it can be stopped, and tells how far it is. */
export class SnapshotRun {
  readonly #abort = new AbortController();
  readonly #meter: ProgressMeter;
  readonly #tellNow: (progress: SnapshotProgress) => void;
  readonly #tellSoon: () => void;
  #last: SnapshotProgress | null = null;

  constructor(clock: Clock, tell: (progress: SnapshotProgress) => void) {
    this.#meter = new ProgressMeter(clock);
    this.#tellNow = tell;
    this.#tellSoon = throttled(clock, PROGRESS_INTERVAL, () => {
      if (this.#last !== null) tell(this.#last);
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends it at its next safe point, with this reason. */
  stop(reason: Error): void {
    this.#abort.abort(reason);
  }

  advance(at: Pick<SnapshotProgress, 'stage'> & Partial<SnapshotProgress>): void {
    const { stage, table = null, rows = null, bytes = null } = at;
    const { done, total } = rows ?? bytes ?? { done: 0, total: null };
    const { left } = this.#meter.measure({ subject: stage, done, total });
    const isNew = stage !== this.#last?.stage;
    this.#last = { stage, table, rows, bytes, left };
    if (isNew) this.#tellNow(this.#last);
    else this.#tellSoon();
  }
}
