/** The time of the simulation: it passes only when the test says so. */
class SimulatedTime {
  /** After any real time, so that what a database stamps by its own clock is always older. Milliseconds, UTC. */
  static readonly BEGINNING = Date.UTC(2100, 0, 1);

  #now = SimulatedTime.BEGINNING;
  readonly #errors = new Map<number, number>();

  get now(): number {
    return this.#now;
  }

  reset(): void {
    this.#now = SimulatedTime.BEGINNING;
    this.#errors.clear();
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** How wrong the clock of a place is, milliseconds. */
  setError(place: number, milliseconds: number): void {
    this.#errors.set(place, milliseconds);
  }

  /** What the clock of a place shows. */
  at(place: number): number {
    return this.#now + (this.#errors.get(place) ?? 0);
  }
}

export const time = new SimulatedTime();
