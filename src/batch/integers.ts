import { FormatError, type ByteReader, type ByteWriter } from './bytes';

/**
 * Whole numbers up to this size, either sign, are written through doubles:
 * the zigzag of the difference of two of them is still exact.
 */
export const INTEGER_LIMIT = 2 ** 51;

const WORD = 2 ** 32;
const MAX_WIDTH = 7;
/** Numbers looked at to choose a mode: a sixteenth of a block tells nearly as much as all. */
const MEASURED = 256;
const FROM_MINIMUM = 0;
const FROM_PREVIOUS = 1;

/**
 * Whole numbers of at most INTEGER_LIMIT, as distances from the smallest or from the one before, whichever is
 * shorter. All first bytes come together, then all second bytes…: brotli then sees each byte's own statistics, which
 * the bytes of varints blur. The reader must know how many they are.
 */
export function putIntegers(out: ByteWriter, values: Float64Array): void {
  const count = values.length;
  if (count === 0) return;
  const { minimum, mode } = measure(values);
  const origin = mode === FROM_MINIMUM ? minimum : (values[0] ?? 0);
  const distances = new Float64Array(count);
  let largest = 0;
  let previous = origin;
  for (let i = 0; i < count; i++) {
    const value = values[i] ?? 0;
    const distance = mode === FROM_MINIMUM ? value - origin : zigzag(value - previous);
    previous = value;
    distances[i] = distance;
    if (distance > largest) largest = distance;
  }
  const width = Math.ceil(bitLength(largest) / 8);
  out.byte(mode);
  out.varint(zigzag(origin));
  out.byte(width);
  putPlanes(out, distances, width);
}

/** The `count` numbers that putIntegers wrote. */
export function takeIntegers(input: ByteReader, count: number): Float64Array {
  const values = new Float64Array(count);
  if (count === 0) return values;
  const mode = input.byte();
  if (mode !== FROM_MINIMUM && mode !== FROM_PREVIOUS) throw new FormatError(`integer mode ${mode}`);
  const origin = unzigzag(input.varint());
  const width = input.byte();
  if (width > MAX_WIDTH) throw new FormatError(`integers of ${width} bytes`);
  takePlanes(input, values, width);
  let previous = origin;
  for (let i = 0; i < count; i++) {
    const distance = values[i] ?? 0;
    previous = mode === FROM_MINIMUM ? origin + distance : previous + unzigzag(distance);
    values[i] = previous;
  }
  return values;
}

/** Guesses from the bits of the first distances which way is shorter. */
function measure(values: Float64Array): { minimum: number; mode: number } {
  let minimum = Infinity;
  for (let i = 0; i < values.length; i++) minimum = Math.min(minimum, values[i] ?? 0);
  let bitsFromMinimum = 0;
  let bitsFromPrevious = 0;
  let previous = values[0] ?? 0;
  for (const value of values.subarray(0, MEASURED)) {
    bitsFromMinimum += bitLength(value - minimum);
    bitsFromPrevious += bitLength(zigzag(value - previous));
    previous = value;
  }
  return { minimum, mode: bitsFromPrevious < bitsFromMinimum ? FROM_PREVIOUS : FROM_MINIMUM };
}

/** How many bits a whole number from 0 to 2^53 takes. */
function bitLength(value: number): number {
  return value < WORD ? 32 - Math.clz32(value) : 64 - Math.clz32(value / WORD);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function putPlanes(out: ByteWriter, values: Float64Array, width: number): void {
  const count = values.length;
  const start = out.reserve(count * width);
  const bytes = out.buffer;
  for (let plane = 0; plane < width; plane++) {
    const at = start + plane * count;
    const shift = (plane % 4) * 8;
    if (plane < 4) for (let i = 0; i < count; i++) bytes[at + i] = (values[i] ?? 0) >>> shift;
    else for (let i = 0; i < count; i++) bytes[at + i] = ((values[i] ?? 0) / WORD) >>> shift;
  }
}

function takePlanes(input: ByteReader, values: Float64Array, width: number): void {
  const count = values.length;
  const start = input.skip(count * width);
  const bytes = input.buffer;
  let scale = 1;
  for (let plane = 0; plane < width; plane++) {
    const at = start + plane * count;
    for (let i = 0; i < count; i++) values[i] = (values[i] ?? 0) + (bytes[at + i] ?? 0) * scale;
    scale *= 256;
  }
}
