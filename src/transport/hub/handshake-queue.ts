import { networkOf } from './addresses';

/** Handshakes of strangers that need not wait: more than a company has sites, which may all be strangers after a restart… */
const atOnce = 100;
/** … and from then on one each so many milliseconds. Each takes the hub some milliseconds. */
export const pauseMilliseconds = 40;
/** Networks remembered of each kind; those met longest ago are forgotten first. */
const memory = 10_000;

interface Waiting {
  readonly network: string;
  readonly begin: () => void;
}

/**
 * Who may shake hands, the one thing that a stranger can have the hub do which takes a while. Strangers who come without
 * end must not make a site wait: networks that have logged in before never do; of the others first come those that have
 * had the fewest turns, then who came first. As many wait as there are lines at most.
 */
export class HandshakeQueue {
  readonly #waiting: Waiting[] = [];
  readonly #welcome = new Set<string>();
  readonly #turns = new Map<string, number>();
  #left = atOnce;
  #refill: NodeJS.Timeout | null = null;

  /** Resolves when it is this address's turn; rejects with the signal's reason where its line closes before. */
  turn(address: string, closed: AbortSignal): Promise<void> {
    if (closed.aborted) return Promise.reject(closed.reason as Error);
    if (this.isWelcome(address)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(closed.reason as Error);
      };
      const waiting: Waiting = {
        network: networkOf(address),
        begin: () => {
          closed.removeEventListener('abort', leave);
          resolve();
        },
      };
      closed.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  welcome(address: string): void {
    const network = networkOf(address);
    this.#welcome.delete(network);
    this.#welcome.add(network);
    forgetOldest(this.#welcome);
  }

  isWelcome(address: string): boolean {
    return this.#welcome.has(networkOf(address));
  }

  #next(): void {
    const [first, ...others] = this.#waiting;
    if (first === undefined || this.#left === 0) return;
    const chosen = others.reduce((best, each) => (this.#had(each) < this.#had(best) ? each : best), first);
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1);
    this.#left -= 1;
    this.#refill ??= setInterval(() => {
      this.#grow();
    }, pauseMilliseconds).unref();
    this.#note(chosen.network);
    chosen.begin();
  }

  #grow(): void {
    this.#left += 1;
    this.#next();
    if (this.#left < atOnce || this.#refill === null) return;
    clearInterval(this.#refill);
    this.#refill = null;
  }

  #had({ network }: Waiting): number {
    return this.#turns.get(network) ?? 0;
  }

  #note(network: string): void {
    const turns = (this.#turns.get(network) ?? 0) + 1;
    this.#turns.delete(network);
    this.#turns.set(network, turns);
    forgetOldest(this.#turns);
  }
}

function forgetOldest(known: Set<string> | Map<string, number>): void {
  const [oldest] = known.keys();
  if (known.size > memory && oldest !== undefined) known.delete(oldest);
}
