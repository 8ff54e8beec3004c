import type { Value } from './block';
import type { Cells } from './column-block';
import { FormatError, type ByteReader, type ByteWriter } from './bytes';
import { INTEGER_LIMIT, putIntegers, takeIntegers } from './integers';
import { putStrings, takeStrings } from './strings';

const NULL = 0;
const INTEGER = 1;
const REAL = 2;
const TEXT = 3;
const BINARY = 4;
const MIXED = 5;

const SMALL = 0;
const WORD64 = 1;
const LARGE = 2;

const RAW_REALS = 255;
/** Most decimals that a floating-point number may have and still travel as a whole number. */
const REAL_SCALE = 6;

/** Values of one column, any mix of kinds; the reader must know how many they are. */
export function putColumn(out: ByteWriter, values: Cells): void {
  if (values.length === 0) return;
  if (values instanceof Float64Array) {
    out.byte(INTEGER);
    out.byte(SMALL);
    putIntegers(out, values);
    return;
  }
  if (putUniform(out, values)) return;
  out.byte(MIXED);
  out.append(Uint8Array.from(values, kindOf));
  putBigints(out, values.filter(isInteger));
  putReals(out, values.filter(isReal));
  putStrings(out, values.filter(isText));
  putBinaries(out, values.filter(isBinary));
}

/** Nearly all columns are of one kind, and are written without sorting their values by kind. */
function putUniform(out: ByteWriter, values: readonly Value[]): boolean {
  const kind = kindOf(values[0] ?? null);
  if (values.every(isText)) {
    out.byte(kind);
    putStrings(out, values);
  } else if (values.every(isInteger)) {
    out.byte(kind);
    putBigints(out, values);
  } else if (values.every(isReal)) {
    out.byte(kind);
    putReals(out, values);
  } else if (values.every(isBinary)) {
    out.byte(kind);
    putBinaries(out, values);
  } else if (values.every((value) => value === null)) out.byte(kind);
  else return false;
  return true;
}

function isText(value: Value): value is string {
  return typeof value === 'string';
}

function isInteger(value: Value): value is bigint {
  return typeof value === 'bigint';
}

function isReal(value: Value): value is number {
  return typeof value === 'number';
}

function isBinary(value: Value): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** The `count` values that putColumn wrote. */
export function takeColumn(input: ByteReader, count: number): Value[] {
  if (count === 0) return [];
  const tag = input.byte();
  if (tag !== MIXED) return takeKind(input, tag, count);
  const tags = input.take(count);
  const counts = [0, 0, 0, 0, 0];
  for (const each of tags) {
    if (each > BINARY) throw new FormatError(`kind ${each}`);
    counts[each] = (counts[each] ?? 0) + 1;
  }
  const kinds = counts.map((number, kind) => takeKind(input, kind, number));
  const next = [0, 0, 0, 0, 0];
  return Array.from(tags, (each) => {
    const place = next[each] ?? 0;
    next[each] = place + 1;
    return kinds[each]?.[place] ?? null;
  });
}

function kindOf(value: Value): number {
  if (typeof value === 'string') return TEXT;
  if (typeof value === 'bigint') return INTEGER;
  if (typeof value === 'number') return REAL;
  return value === null ? NULL : BINARY;
}

function takeKind(input: ByteReader, kind: number, count: number): Value[] {
  switch (kind) {
    case NULL:
      return new Array<Value>(count).fill(null);
    case INTEGER:
      return takeBigints(input, count);
    case REAL:
      return takeReals(input, count);
    case TEXT:
      return takeStrings(input, count);
    case BINARY:
      return takeBinaries(input, count);
    default:
      throw new FormatError(`kind ${kind}`);
  }
}

function putBigints(out: ByteWriter, values: readonly bigint[]): void {
  if (values.length === 0) return;
  const small = new Float64Array(values.length);
  let allSmall = true;
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    small[i] = value;
    if (value > INTEGER_LIMIT || value < -INTEGER_LIMIT) allSmall = false;
  }
  if (allSmall) {
    out.byte(SMALL);
    putIntegers(out, small);
  } else if (values.every((value) => BigInt.asIntN(64, value) === value)) {
    out.byte(WORD64);
    putWords(out, values);
  } else {
    out.byte(LARGE);
    putStrings(
      out,
      values.map((value) => value.toString(16)),
    );
  }
}

function takeBigints(input: ByteReader, count: number): bigint[] {
  if (count === 0) return [];
  const mode = input.byte();
  if (mode === SMALL) return Array.from(takeIntegers(input, count), BigInt);
  if (mode === WORD64) return takeWords(input, count);
  if (mode === LARGE) return takeStrings(input, count).map(fromHexadecimal);
  throw new FormatError(`integer size ${mode}`);
}

function fromHexadecimal(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}

/** 64-bit numbers, each less the one before (modulo 2^64, so that it always fits). */
function putWords(out: ByteWriter, values: readonly bigint[]): void {
  const words = new BigInt64Array(values.length);
  let previous = 0n;
  values.forEach((value, i) => {
    words[i] = value - previous;
    previous = value;
  });
  putPlanes(out, Buffer.from(words.buffer));
}

function takeWords(input: ByteReader, count: number): bigint[] {
  const words = new BigInt64Array(count);
  takePlanes(input, Buffer.from(words.buffer));
  let previous = 0n;
  return Array.from(words, (word) => (previous = BigInt.asIntN(64, previous + word)));
}

/** Most are amounts, shorter as whole numbers of hundredths or the like; the others travel as their eight bytes. */
function putReals(out: ByteWriter, values: readonly number[]): void {
  if (values.length === 0) return;
  const scaled = asScaled(values);
  if (scaled === null) {
    out.byte(RAW_REALS);
    putPlanes(out, Buffer.from(Float64Array.from(values).buffer));
  } else {
    out.byte(scaled.scale);
    putIntegers(out, scaled.units);
  }
}

function takeReals(input: ByteReader, count: number): number[] {
  if (count === 0) return [];
  const scale = input.byte();
  if (scale === RAW_REALS) {
    const reals = new Float64Array(count);
    takePlanes(input, Buffer.from(reals.buffer));
    return Array.from(reals);
  }
  if (scale > REAL_SCALE) throw new FormatError(`real numbers of ${scale} decimals`);
  const unit = 10 ** scale;
  return Array.from(takeIntegers(input, count), (units) => units / unit);
}

/** Null where some value is not a decimal number of few digits (or is -0, NaN, infinite). */
function asScaled(values: readonly number[]): { scale: number; units: Float64Array } | null {
  let scale = 0;
  let unit = 1;
  for (const value of values) {
    while (!Object.is(Math.round(value * unit) / unit, value)) {
      if (scale === REAL_SCALE || !Number.isFinite(value)) return null;
      scale++;
      unit *= 10;
    }
  }
  const units = Float64Array.from(values, (value) => Math.round(value * unit));
  // A value that fitted an earlier, smaller scale is checked again, as is the size of all; zero loses its sign.
  const exact = values.every((value, i) => {
    const whole = units[i] ?? NaN;
    return Math.abs(whole) <= INTEGER_LIMIT && Object.is(whole / unit, value) && !Object.is(value, -0);
  });
  return exact ? { scale, units } : null;
}

function putBinaries(out: ByteWriter, values: readonly Uint8Array[]): void {
  if (values.length === 0) return;
  putIntegers(
    out,
    Float64Array.from(values, (value) => value.length),
  );
  for (const value of values) out.append(value);
}

function takeBinaries(input: ByteReader, count: number): Uint8Array[] {
  const lengths = takeIntegers(input, count);
  return Array.from(lengths, (length) => {
    if (length < 0) throw new FormatError('a negative length');
    // A copy: a view would keep the whole block in memory for as long as one value is held.
    return new Uint8Array(input.take(length));
  });
}

const PLANES = 8;

/** Eight-byte values of a buffer: all first bytes, then all second bytes… */
function putPlanes(out: ByteWriter, values: Buffer): void {
  const start = out.reserve(values.length);
  const bytes = out.buffer;
  let to = start;
  for (let plane = 0; plane < PLANES; plane++)
    for (let from = plane; from < values.length; from += PLANES) bytes[to++] = values[from] ?? 0;
}

function takePlanes(input: ByteReader, values: Buffer): void {
  let from = input.skip(values.length);
  const bytes = input.buffer;
  for (let plane = 0; plane < PLANES; plane++)
    for (let to = plane; to < values.length; to += PLANES) values[to] = bytes[from++] ?? 0;
}
