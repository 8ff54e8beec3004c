import type { Clock } from '../shared/clock';
import type { HubSite } from '../session/hub-folder';
import type { StoredFile } from '../transport/port';

/** A site that waits asks every second whether its round is there; silent for so long it is gone, milliseconds. */
const WAITING_LIMIT = 15_000;

/** RAZ can move the end of a wait, so none is longer than this, milliseconds. */
const LONGEST_WAIT = 5_000;

/** Which sites are there, what they wait for and what they ask: all that a hub knows of them but for what lies on disk. */
export class Attendance {
  readonly #clock: Clock;
  /** Sites that asked for a session that has not been held since. */
  readonly #requests = new Set<number>();
  /** Sites that have sent all they have and wait for a round that has not been published since. */
  readonly #waiting = new Set<number>();
  /** When each site last said something: one that is silent no longer waits. */
  readonly #heard = new Map<number, number>();
  /** Sites that wait for the round of the session under way. */
  readonly #served = new Set<number>();
  /** Someone waited for the round of the session under way. */
  #fruitful = false;
  #arrivals: (() => void)[] = [];
  /** A file was stored that no wait has seen: it may have come while the session looked elsewhere. */
  #arrived = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether sites asked for a session that none has answered. */
  get requested(): boolean {
    return this.#requests.size > 0;
  }

  hasAsked(site: number): boolean {
    return this.#requests.has(site);
  }

  heard(site: number): void {
    this.#heard.set(site, this.#clock.now());
  }

  /** Milliseconds since 1970, UTC; null: not since the program started. */
  seenAt(site: number): number | null {
    return this.#heard.get(site) ?? null;
  }

  hasSentAll(site: number): boolean {
    return this.#waiting.has(site);
  }

  /** Whether a site is there, has sent all it has and waits for a round. */
  waits(site: number): boolean {
    const heard = this.#heard.get(site) ?? 0;
    return this.#waiting.has(site) && this.#clock.now() - heard < WAITING_LIMIT;
  }

  /** Gives whether the site asks for a session by it. */
  stored({ kind, site }: StoredFile): boolean {
    if (kind === 'batch') {
      // It has more than the session under way received, and will ask again.
      this.#waiting.delete(site);
      this.#served.delete(site);
    }
    if (kind === 'waiting' || kind === 'request') this.#waiting.add(site);
    this.#arrived = true;
    for (const wake of this.#arrivals.splice(0)) wake();
    // Its batch is in the session already: it asked for nothing more.
    if (kind !== 'request' || this.#served.has(site)) return false;
    this.#requests.add(site);
    return true;
  }

  /** The session receives no more; these wait for its round. */
  received(waiting: readonly HubSite[]): void {
    this.#fruitful = waiting.length > 0;
    for (const { number } of waiting) {
      this.#served.add(number);
      this.#requests.delete(number);
    }
  }

  /** The session's round is there. */
  published(): void {
    for (const site of this.#served) this.#waiting.delete(site);
  }

  ended(): void {
    // A session that received nothing, or failed, must not be begun again and again for the same question.
    if (!this.#fruitful) this.#requests.clear();
    this.#fruitful = false;
    this.#served.clear();
  }

  /** Resolves at the next file stored since it last resolved, or after `milliseconds`. */
  async arrival(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#arrived) {
      this.#arrived = false;
      return;
    }
    const stop = new AbortController();
    const woken = new Promise<void>((resolve) => this.#arrivals.push(resolve));
    const passed = this.#clock.delay(
      Math.min(milliseconds, LONGEST_WAIT),
      AbortSignal.any([signal, stop.signal]),
    );
    try {
      await Promise.race([woken, passed]);
    } finally {
      stop.abort();
      await passed.catch(() => undefined);
    }
    this.#arrived = false;
  }
}
