import type { Clock } from '../shared/clock';

/** A waiting time that the user can start again ('RAZ'), to prolong a session. */
export class Deadline {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  #end: number;

  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#end = clock.now() + milliseconds;
  }

  /** Milliseconds since 1970, UTC. */
  get end(): number {
    return this.#end;
  }

  get left(): number {
    return Math.max(0, this.#end - this.#clock.now());
  }

  reset(): void {
    this.#end = this.#clock.now() + this.#milliseconds;
  }
}
