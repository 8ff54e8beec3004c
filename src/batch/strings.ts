import { FormatError, type ByteReader, type ByteWriter } from './bytes';
import { putIntegers, takeIntegers } from './integers';

const PLAIN = 0;
const DICTIONARY = 1;
const DECIMAL = 2;
const FIXED = 3;

const UTF8 = 0;
const UTF16 = 1;

/** Longer texts of one length gain nothing from being cut in characters. */
const FIXED_LIMIT = 40;

/**
 * Strings, any at all: NUL and lone surrogates come back as they were. Repeated ones are written once;
 * amounts (`12.50`) as whole numbers; short ones of one length (dates, telephone numbers) character by character.
 * The reader must know how many they are.
 */
export function putStrings(out: ByteWriter, strings: readonly string[]): void {
  if (strings.length === 0) return;
  const dictionary = findDictionary(strings);
  if (dictionary !== null) {
    out.byte(DICTIONARY);
    out.varint(dictionary.words.length);
    putDistinct(out, dictionary.words);
    putIntegers(out, dictionary.indexes);
  } else putDistinct(out, strings);
}

/** The `count` strings that putStrings wrote. */
export function takeStrings(input: ByteReader, count: number): string[] {
  if (count === 0) return [];
  const mode = input.byte();
  if (mode !== DICTIONARY) return takeDistinct(input, count, mode);
  const size = input.count(count, 'words');
  const words = takeDistinct(input, size, input.byte());
  const strings: string[] = [];
  for (const index of takeIntegers(input, count)) {
    const word = words[index];
    if (word === undefined) throw new FormatError(`word ${index} of ${size}`);
    strings.push(word);
  }
  return strings;
}

/** Null where most strings differ: looked for no longer than it takes to see that. */
function findDictionary(strings: readonly string[]): { words: string[]; indexes: Float64Array } | null {
  const places = new Map<string, number>();
  const indexes = new Float64Array(strings.length);
  for (let i = 0; i < strings.length; i++) {
    const text = strings[i] ?? '';
    let place = places.get(text);
    if (place === undefined) {
      place = places.size;
      if (place > 64 + i * 0.75) return null;
      places.set(text, place);
    }
    indexes[i] = place;
  }
  return places.size > strings.length / 2 ? null : { words: [...places.keys()], indexes };
}

function putDistinct(out: ByteWriter, strings: readonly string[]): void {
  const decimals = asDecimals(strings);
  if (decimals !== null) {
    out.byte(DECIMAL);
    out.byte(decimals.scale);
    putIntegers(out, decimals.units);
    return;
  }
  const text = strings.join('');
  const width = fixedWidth(strings, text);
  if (width > 0) {
    out.byte(FIXED);
    out.byte(width);
    putFixed(out, text, strings.length, width);
    return;
  }
  out.byte(PLAIN);
  putIntegers(
    out,
    Float64Array.from(strings, (string) => string.length),
  );
  // Surrogates are looked for in the joined text: a pair cut between two strings is whole again there.
  const encoding = /\p{Surrogate}/u.test(text) ? UTF16 : UTF8;
  const bytes = Buffer.from(text, encoding === UTF16 ? 'utf16le' : 'utf8');
  out.byte(encoding);
  out.varint(bytes.length);
  out.append(bytes);
  out.proseBytes += bytes.length;
}

function takeDistinct(input: ByteReader, count: number, mode: number): string[] {
  switch (mode) {
    case DECIMAL: {
      const scale = input.count(DECIMAL_SCALE, 'decimals');
      return Array.from(takeIntegers(input, count), (units) => decimalText(units, scale));
    }
    case FIXED: {
      const width = input.byte();
      const text = takeFixed(input, count, width);
      return cut(
        text,
        Array.from({ length: count }, () => width),
      );
    }
    case PLAIN: {
      const lengths = takeIntegers(input, count);
      const encoding = input.byte();
      if (encoding !== UTF8 && encoding !== UTF16) throw new FormatError(`text encoding ${encoding}`);
      const bytes = input.take(input.varint());
      return cut(bytes.toString(encoding === UTF16 ? 'utf16le' : 'utf8'), lengths);
    }
    default:
      throw new FormatError(`string mode ${mode}`);
  }
}

function cut(text: string, lengths: Iterable<number>): string[] {
  const strings: string[] = [];
  let start = 0;
  for (const length of lengths) {
    const end = start + length;
    if (length < 0 || end > text.length) throw new FormatError('a string is longer than its text');
    strings.push(text.slice(start, end));
    start = end;
  }
  if (start !== text.length) throw new FormatError('text is left over');
  return strings;
}

/** The one length of short ASCII strings; 0 for others. */
function fixedWidth(strings: readonly string[], text: string): number {
  const width = strings[0]?.length ?? 0;
  if (width === 0 || width > FIXED_LIMIT || strings.length < 2) return 0;
  if (strings.some((string) => string.length !== width)) return 0;
  return /[\u0080-\uffff]/.test(text) ? 0 : width;
}

function putFixed(out: ByteWriter, text: string, count: number, width: number): void {
  const letters = Buffer.from(text, 'latin1');
  const start = out.reserve(letters.length);
  const bytes = out.buffer;
  for (let plane = 0, to = start; plane < width; plane++)
    for (let i = 0, from = plane; i < count; i++, from += width) bytes[to++] = letters[from] ?? 0;
}

function takeFixed(input: ByteReader, count: number, width: number): string {
  const size = count * width;
  const start = input.skip(size);
  const bytes = input.buffer;
  const letters = Buffer.allocUnsafe(size);
  for (let plane = 0, from = start; plane < width; plane++)
    for (let i = 0, to = plane; i < count; i++, to += width) letters[to] = bytes[from++] ?? 0;
  return letters.toString('latin1');
}

/** Most decimals that an amount may have and still travel as a whole number. */
const DECIMAL_SCALE = 10;

/** Amounts in units of 10^-scale; null unless every string is exactly what decimalText would make of them. */
function asDecimals(strings: readonly string[]): { scale: number; units: Float64Array } | null {
  const first = strings[0] ?? '';
  const point = first.indexOf('.');
  const scale = point < 0 ? 0 : first.length - point - 1;
  if (scale > DECIMAL_SCALE || first.length > 16) return null;
  const units = new Float64Array(strings.length);
  for (let i = 0; i < strings.length; i++) {
    const string = strings[i] ?? '';
    if (string.length > 16) return null;
    const digits = scale === 0 ? string : string.slice(0, -scale - 1) + string.slice(string.length - scale);
    const value = Number(digits);
    if (!Number.isSafeInteger(value) || Math.abs(value) > 2 ** 51 || decimalText(value, scale) !== string)
      return null;
    units[i] = value;
  }
  return { scale, units };
}

function decimalText(units: number, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(Math.abs(units)).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${units < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}
