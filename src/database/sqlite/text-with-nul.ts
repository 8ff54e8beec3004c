import type { Value } from '../../batch/block';

/**
 * The package cuts text at a NUL when it binds it, so such text is bound with another character in its place, which SQL
 * makes a NUL again. (Not as bytes turned into text: these would have to be in the database's own encoding.)
 */
export const parameter = (value: Value): string => (hasNul(value) ? 'replace(?, ?, char(0))' : '?');

/** What to bind to the places in `parameter(value)`. */
export function bound(value: Value): readonly Value[] {
  if (!hasNul(value)) return [value];
  const substitute = absentFrom(value);
  return [value.replaceAll('\0', substitute), substitute];
}

export const hasNul = (value: Value): value is string => typeof value === 'string' && value.includes('\0');

/** A character that is not in the text, and that has a form of its own in every encoding. */
function absentFrom(text: string): string {
  const present = new Set(text);
  for (let code = 1; ; code += 1) {
    const character = String.fromCodePoint(code);
    if (!present.has(character) && !NO_CHARACTER.test(character)) return character;
  }
}

/** Half a pair, and what stands for one where it is written. */
const NO_CHARACTER = /\p{Surrogate}|\ufffd/u;
