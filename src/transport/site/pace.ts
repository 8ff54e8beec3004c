import type { Clock } from '../../shared/clock';

export interface PaceOptions {
  readonly clock: Clock;
  /** Bytes a second that may pass at a time (milliseconds since 1970, UTC); null: as many as can. */
  readonly limitAt: (now: number) => number | null;
}

/** What passes at once, bytes: little enough that the slowest line does not look like a dead one meanwhile. */
const largestPiece = 1 << 16;
const smallestPiece = 1 << 10;

/** Holds back what passes a line, so that it is no faster than it may be at this hour. */
export class Pace {
  readonly #options: PaceOptions;
  /** When the line has earned what passed so far. */
  #earnedAt = 0;
  /** How long the last piece took to earn, milliseconds. */
  #lastCost = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  get isLimited(): boolean {
    return this.#limit() !== null;
  }

  /** Waits until so many bytes may pass. Rejects with the signal's reason when it aborts. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const limit = this.#limit();
    if (limit === null) return;
    const { clock } = this.#options;
    // A clock that is set back must not stop the line for as long as it was wrong.
    const pause = Math.min(this.#earnedAt - clock.now(), this.#lastCost);
    if (pause > 0) await clock.delay(pause, signal);
    this.#lastCost = (bytes / limit) * 1000;
    this.#earnedAt = clock.now() + this.#lastCost;
  }

  /** The block in pieces, of a quarter of a second each where there is a limit. */
  *pieces(block: Buffer): Generator<Buffer> {
    const limit = this.#limit();
    const size = limit === null ? largestPiece : pieceSize(limit);
    for (let at = 0; at < block.length; at += size) yield block.subarray(at, at + size);
  }

  #limit(): number | null {
    return this.#options.limitAt(this.#options.clock.now());
  }
}

const pieceSize = (limit: number): number =>
  Math.min(largestPiece, Math.max(smallestPiece, Math.floor(limit / 4)));
