/** What a step of a session may still do before its machine is switched off, or its user presses 'stop'. */
export interface Limits {
  /** Operations of disk, database and line that pass; the one after them does not happen, nor anything later. */
  readonly untilPowerOff: number;
  /**
   * Changes that may outlast a power cut (transactions that end, files that are made, names that change, syncs) after
   * which the power goes: a cut at any operation hardly ever falls right behind one of them.
   */
  readonly untilLasting: number;
  /** Operations after which the session is asked to stop. */
  readonly untilStop: number;
  /** Operations after which somebody works at this place, in the middle of a step. */
  readonly untilWork: number;
}

export const NO_LIMITS: Limits = {
  untilPowerOff: Number.POSITIVE_INFINITY,
  untilLasting: Number.POSITIVE_INFINITY,
  untilStop: Number.POSITIVE_INFINITY,
  untilWork: Number.POSITIVE_INFINITY,
};

/** What a process holds and loses when it ends. */
export interface Held {
  release(): void;
}

/** A running process of one place. The simulation runs one step at a time, so only one process works at any instant. */
export class Process {
  readonly #stop = new AbortController();
  readonly #held = new Set<Held>();
  #untilPowerOff: number;
  #untilLasting: number;
  #untilStop: number;
  #untilWork: number;
  #off = false;
  #started = false;

  constructor(
    readonly place: number,
    { untilPowerOff, untilLasting, untilStop, untilWork }: Limits,
    private readonly work: () => void,
  ) {
    this.#untilWork = untilWork;
    this.#untilPowerOff = untilPowerOff;
    this.#untilLasting = untilLasting;
    this.#untilStop = untilStop;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether the power went while it worked. */
  get off(): boolean {
    return this.#off;
  }

  /** From now on its operations count. */
  start(): void {
    this.#started = true;
  }

  operate(): void {
    if (!this.#started) return;
    if (!this.#off && this.#untilPowerOff <= 0) this.#off = true;
    if (this.#off) throw new Error('the power is off');
    this.#untilPowerOff -= 1;
    this.#untilStop -= 1;
    this.#untilWork -= 1;
    if (this.#untilWork === 0) this.work();
    if (this.#untilStop <= 0) this.#stop.abort();
  }

  /** Something was done for good: what follows may never happen. */
  lasting(): void {
    if (!this.#started) return;
    this.#untilLasting -= 1;
    if (this.#untilLasting === 0) this.#untilPowerOff = 0;
  }

  hold(held: Held): void {
    this.#held.add(held);
  }

  letGo(held: Held): void {
    this.#held.delete(held);
  }

  /** The system takes back all that the process had open. */
  end(): void {
    for (const held of [...this.#held]) held.release();
    this.#held.clear();
  }
}

let current: Process | null = null;

/** The process that works now; null: the test itself does. */
export const currentProcess = (): Process | null => current;

export async function within<T>(process: Process, work: () => Promise<T>): Promise<T> {
  const before = current;
  current = process;
  try {
    return await work();
  } finally {
    current = before;
  }
}

/** Every operation of a process on its disk, its database or its line passes here. */
export function operate(): void {
  current?.operate();
}

/** A transaction has ended, a file was made, a name has changed, content was synced. */
export function lasting(): void {
  current?.lasting();
}
