import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../shared/atomic-file';
import type { Times } from './next-departure';

/** What lets a start tell a departure that was missed, or interrupted, from one that was held. Milliseconds since 1970, UTC. */
export interface Departed {
  /** The last departure that needs no more care. */
  readonly handled: number;
  /** A later one that has begun and not ended; null for none. */
  readonly begun: number | null;
}

export interface DepartureMemory {
  /** Null where nothing is known, or it was of other departures than these. */
  load(times: Times): Promise<Departed | null>;
  /** Rejects with `disk.*`. */
  save(times: Times, departed: Departed): Promise<void>;
}

const instant = z.iso.datetime();
const content = z.object({ handled: instant, begun: instant.nullable().default(null), times: z.string() });

/** A small file: without it, or with one that cannot be read, nothing counts as missed. */
export function departureFile(file: string): DepartureMemory {
  return {
    load: async (times) => {
      try {
        const { handled, begun, times: known } = content.parse(JSON.parse(await readFile(file, 'utf8')));
        // Departures that someone has just moved to an hour gone by were not missed.
        if (known !== fingerprint(times)) return null;
        return { handled: Date.parse(handled), begun: begun === null ? null : Date.parse(begun) };
      } catch {
        return null;
      }
    },
    save: (times, { handled, begun }) => {
      const kept = { handled: textOf(handled), begun: begun === null ? null : textOf(begun) };
      return writeFileAtomic(file, `${JSON.stringify({ ...kept, times: fingerprint(times) })}\n`);
    },
  };
}

const textOf = (at: number): string => new Date(at).toISOString();

const fingerprint = ({ departures, timeZone }: Times): string => JSON.stringify([departures, timeZone]);
