import type { Clock } from '../shared/clock';
import { ProgressMeter } from '../session/progress-meter';
import type { Reception } from './contract';

/** An upload that does not advance for so long is no longer shown: nobody says that it was cut. Milliseconds. */
const FORGOTTEN = 10_000;

interface Upload {
  readonly file: string;
  readonly bytes: number;
  readonly rate: number | null;
  readonly at: number;
}

/** Uploads under way at the hub, as its FTP server tells of them. */
export class Receptions {
  readonly #clock: Clock;
  readonly #uploads = new Map<number, Upload>();
  readonly #meters = new Map<number, ProgressMeter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  advanced({ site, file, bytes }: { site: number; file: string; bytes: number }): void {
    // An acknowledgement is over before anyone could look.
    if (!file.endsWith('.batch')) return;
    const meter = this.#meters.get(site) ?? new ProgressMeter(this.#clock);
    this.#meters.set(site, meter);
    const { rate } = meter.measure({ subject: file, done: bytes, total: null });
    this.#uploads.set(site, { file, bytes, rate, at: this.#clock.now() });
  }

  ended(site: number): void {
    this.#uploads.delete(site);
    this.#meters.delete(site);
  }

  list(nameOf: (site: number) => string): Reception[] {
    const now = this.#clock.now();
    return [...this.#uploads]
      .filter(([, { at }]) => now - at < FORGOTTEN)
      .sort(([a], [b]) => a - b)
      .map(([site, { file, bytes, rate }]) => ({ site, name: nameOf(site), file, bytes, rate }));
  }
}
