import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../shared/atomic-file';
import { diskError, systemCode } from '../shared/disk-error';
import { letterSchema, letterToJson, type Letter } from './letter';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Between one try and the next: the first after a minute, for lines come back, later ones every hour. */
const WAITS = [1, 2, 5, 15, 30].map((minutes) => minutes * MINUTE);
export const LONGEST_WAIT = HOUR;
/** What is older is of no use any more, milliseconds. */
const OLDEST = 3 * DAY;
/** Tries that fit into that age, and some; a clock that is set back must not make a letter eternal. */
const MOST_TRIES = 100;
/** More letters than this, and the oldest go. */
const MOST_LETTERS = 200;

const SUFFIX = '.json';

export interface QueuedLetter {
  readonly id: string;
  /** When it was written, milliseconds since 1970, UTC. */
  readonly at: number;
  readonly tries: number;
  /** Not to be tried before. */
  readonly nextAt: number;
  readonly letter: Letter;
}

const fileSchema = z.object({
  at: z.number(),
  tries: z.number().int().nonnegative(),
  nextAt: z.number(),
  letter: letterSchema,
});

/** Letters that wait to be sent, a file each; what is on disk outlives a power cut. No file holds a secret or an address. */
export class MailQueue {
  readonly #folder: string;
  /** Keeps the order of letters of one millisecond. */
  #sequence = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Rejects with `disk.*`. */
  async add(letter: Letter, now: number): Promise<void> {
    this.#sequence = (this.#sequence + 1) % 10_000;
    const id = [
      new Date(now).toISOString().replace(/[-:.TZ]/g, ''),
      String(this.#sequence).padStart(4, '0'),
      randomBytes(4).toString('hex'),
    ].join('-');
    await mkdir(this.#folder, { recursive: true }).catch((error: unknown) => {
      throw diskError(error, this.#folder);
    });
    await this.#write({ id, at: now, tries: 0, nextAt: now, letter });
  }

  /** Oldest first. A file that cannot be read, such as one that somebody edited, is removed. */
  async list(): Promise<QueuedLetter[]> {
    const letters = await Promise.all((await this.#ids()).map((id) => this.#read(id)));
    return letters.filter((letter) => letter !== null);
  }

  /** Removes letters too old, tried too often or too many; how many. */
  async prune(now: number): Promise<number> {
    const letters = await this.list();
    const keep = letters
      .filter(({ at, tries }) => now - at <= OLDEST && tries < MOST_TRIES)
      .slice(-MOST_LETTERS)
      .map(({ id }) => id);
    const gone = letters.filter(({ id }) => !keep.includes(id));
    for (const { id } of gone) await this.remove(id);
    return gone.length;
  }

  /** After a failed try: `final` where only a change of the settings can help. Returns the wait, milliseconds. */
  async postpone(queued: QueuedLetter, now: number, final: boolean): Promise<number> {
    const wait = (final ? undefined : WAITS[queued.tries]) ?? LONGEST_WAIT;
    await this.#write({ ...queued, tries: queued.tries + 1, nextAt: now + wait });
    return wait;
  }

  async remove(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
  }

  async #read(id: string): Promise<QueuedLetter | null> {
    let content: string;
    try {
      content = await readFile(this.#file(id), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw diskError(error, this.#file(id));
    }
    try {
      return { id, ...fileSchema.parse(JSON.parse(content)) };
    } catch {
      await this.remove(id);
      return null;
    }
  }

  async #ids(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw diskError(error, this.#folder);
    });
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .sort();
  }

  #write({ id, letter, ...rest }: QueuedLetter): Promise<void> {
    return writeFileAtomic(this.#file(id), JSON.stringify({ ...rest, letter: letterToJson(letter) }));
  }

  #file(id: string): string {
    return join(this.#folder, id + SUFFIX);
  }
}

/** Milliseconds until a letter may be tried; a clock that was set back does not make it wait longer than it ever should. */
export function waitOf({ nextAt }: QueuedLetter, now: number): number {
  const wait = nextAt - now;
  return wait > LONGEST_WAIT ? 0 : Math.max(0, wait);
}
