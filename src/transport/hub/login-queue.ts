import { networkOf } from './addresses';

/** Passwords looked at at once: each takes a processor for a while, and a thread that the disk could use. */
const atOnce = 2;
/** Failures, less what went right since, from which on strangers get one processor and no more. */
const wary = 10;
/** Networks remembered of each kind; those met longest ago are forgotten first. */
const memory = 10_000;

interface Waiting {
  readonly network: string;
  readonly begin: () => void;
}

/**
 * Who may have a password looked at, which is slow on purpose. Strangers who guess without end must not make a site
 * wait: networks that have logged in before come first, then those that have been looked at the least, then who came
 * first. Lines that are closed meanwhile are no longer looked at, so that as many wait as there are lines at most.
 */
export class LoginQueue {
  readonly #waiting: Waiting[] = [];
  readonly #welcome = new Set<string>();
  readonly #looks = new Map<string, number>();
  #running = 0;
  #failures = 0;

  /** Does the work in its turn; rejects with the signal's reason where the line closes before. */
  async run<T>(address: string, closed: AbortSignal, work: () => Promise<T>): Promise<T> {
    const network = networkOf(address);
    await this.#turn(network, closed);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  failed(): void {
    this.#failures = Math.min(2 * wary, this.#failures + 1);
  }

  welcome(address: string): void {
    this.#failures = Math.max(0, this.#failures - 1);
    const network = networkOf(address);
    this.#welcome.delete(network);
    this.#welcome.add(network);
    forgetOldest(this.#welcome);
  }

  isWelcome(address: string): boolean {
    return this.#welcome.has(networkOf(address));
  }

  #turn(network: string, closed: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(closed.reason as Error);
      };
      const waiting: Waiting = {
        network,
        begin: () => {
          closed.removeEventListener('abort', leave);
          resolve();
        },
      };
      if (closed.aborted) {
        reject(closed.reason as Error);
        return;
      }
      closed.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    const [first, ...others] = this.#waiting;
    if (first === undefined) return;
    const chosen = others.reduce((best, each) => (this.#rank(each) < this.#rank(best) ? each : best), first);
    const isStranger = !this.#welcome.has(chosen.network);
    if (this.#running >= (isStranger && this.#failures >= wary ? 1 : atOnce)) return;
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1);
    this.#running += 1;
    this.#note(chosen.network);
    chosen.begin();
  }

  #rank({ network }: Waiting): number {
    return this.#welcome.has(network) ? -1 : (this.#looks.get(network) ?? 0);
  }

  #note(network: string): void {
    const looks = (this.#looks.get(network) ?? 0) + 1;
    this.#looks.delete(network);
    this.#looks.set(network, looks);
    forgetOldest(this.#looks);
  }
}

function forgetOldest(known: Set<string> | Map<string, number>): void {
  const [oldest] = known.keys();
  if (known.size > memory && oldest !== undefined) known.delete(oldest);
}
