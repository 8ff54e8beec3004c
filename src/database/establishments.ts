import { z } from 'zod';
import type { Establishment } from './port/catalogue';

/** The name under which the tracking's notes keep a site begins so; its number follows. */
export const ESTABLISHMENT = 'site ';

/** Of a name: what a note has room for. */
const LONGEST = 150;

const noteSchema = z.object({ name: z.string(), active: z.boolean() });

export const noteOf = ({ number, name, active }: Establishment): readonly [key: string, value: string] => [
  `${ESTABLISHMENT}${String(number)}`,
  JSON.stringify({ name: name.slice(0, LONGEST), active }),
];

/** Of the notes, by number. */
export function establishmentsIn(
  notes: Iterable<readonly [key: string, value: string]>,
): readonly Establishment[] {
  return [...notes]
    .filter(([key]) => key.startsWith(ESTABLISHMENT))
    .map(([key, value]) => ({
      number: Number(key.slice(ESTABLISHMENT.length)),
      ...noteSchema.parse(JSON.parse(value)),
    }))
    .sort((a, b) => a.number - b.number);
}
