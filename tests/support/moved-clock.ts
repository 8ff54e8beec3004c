import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's package `libfaketime`. */
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/** The clock of processes that are started with `environment`: it goes on by itself, and is moved while they run. */
export class MovedClock {
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'clock');
    this.environment = {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      TZ: 'Europe/Paris',
    };
  }

  /** ISO 8601 with offset. */
  moveTo(instant: string): void {
    const seconds = (Date.parse(instant) - Date.now()) / 1000;
    // Whole at every instant: it is read each time a process asks for the time.
    writeFileSync(`${this.#file}.new`, `${seconds >= 0 ? '+' : ''}${seconds.toFixed(3)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
