import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../shared/atomic-file';
import type { Times } from './next-departure';

/** The last departure that needs no more care; what lets a start tell a missed one from one that was held. */
export interface DepartureMemory {
  /** Milliseconds since 1970, UTC; null where nothing is known, or it was of other departures than these. */
  load(times: Times): Promise<number | null>;
  /** Rejects with `disk.*`. */
  save(times: Times, handled: number): Promise<void>;
}

const content = z.object({ handled: z.iso.datetime(), times: z.string() });

/** A small file: without it, or with one that cannot be read, nothing counts as missed. */
export function departureFile(file: string): DepartureMemory {
  return {
    load: async (times) => {
      try {
        const { handled, times: known } = content.parse(JSON.parse(await readFile(file, 'utf8')));
        // Departures that someone has just moved to an hour gone by were not missed.
        return known === fingerprint(times) ? Date.parse(handled) : null;
      } catch {
        return null;
      }
    },
    save: (times, handled) =>
      writeFileAtomic(
        file,
        `${JSON.stringify({ handled: new Date(handled).toISOString(), times: fingerprint(times) })}\n`,
      ),
  };
}

const fingerprint = ({ departures, timeZone }: Times): string => JSON.stringify([departures, timeZone]);
