/** Rows as bytes that are the same at hub and site, whatever the order of columns there. */
import { createHash } from 'node:crypto';
import type { Value } from '../batch/block';

const NULL = 0;
const INTEGER = 1;
const REAL = 2;
const TEXT = 3;
const BYTES = 4;

export interface RowShape {
  readonly columns: readonly string[];
  readonly keyCount: number;
}

export class RowEncoding {
  readonly #key: readonly number[];
  /** Places of the columns: the key first, in its order, then the others by name. */
  readonly #order: readonly number[];
  readonly #canonical: (value: Value) => Value;
  readonly #bytes = new GrowingBytes();

  /** `mixed`: hub and site are databases of two kinds, which spell some values each in its own way. */
  constructor({ columns, keyCount }: RowShape, { mixed }: { readonly mixed: boolean }) {
    const places = columns.map((_, at) => at);
    const name = (at: number): string => columns[at] ?? '';
    this.#key = places.slice(0, keyCount);
    const others = places.slice(keyCount).sort((a, b) => (name(a) < name(b) ? -1 : 1));
    this.#order = [...this.#key, ...others];
    this.#canonical = mixed ? withoutSpelling : (value) => value;
  }

  /** The same for equal keys, and different for others. */
  keyId(values: readonly Value[]): string {
    return this.#encode(values, this.#key, this.#canonical).toString('latin1');
  }

  /** As `keyId`, but also the same for keys that a database may take for equal: 'a' and 'A '. */
  looseKeyId(values: readonly Value[]): string {
    return this.#encode(values, this.#key, (value) => loose(this.#canonical(value))).toString('latin1');
  }

  /** Spreads keys over 32 bits; the same for keys of one `looseKeyId`. */
  keyHash(values: readonly Value[]): number {
    const bytes = this.#encode(values, this.#key, (value) => loose(this.#canonical(value)));
    let hash = 0x811c9dc5;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    // The low bits of FNV alone are weak, and they choose the bucket.
    hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  /** 16 bytes of the SHA-256 of the whole row. */
  digest(values: readonly Value[]): Buffer {
    return createHash('sha256')
      .update(this.#encode(values, this.#order, this.#canonical))
      .digest()
      .subarray(0, 16);
  }

  /** Whether two values of a column are the same one. */
  isSame(one: Value, other: Value): boolean {
    const [a, b] = [this.#canonical(one), this.#canonical(other)];
    return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : Object.is(a, b);
  }

  #encode(values: readonly Value[], places: readonly number[], canonical: (value: Value) => Value): Buffer {
    this.#bytes.clear();
    for (const place of places) this.#bytes.put(canonical(values[place] ?? null));
    return this.#bytes.content;
  }
}

/** Bytes that are used again for each row. */
class GrowingBytes {
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  get content(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  put(value: Value): void {
    if (value === null) this.#tag(NULL, 0);
    else if (typeof value === 'bigint') {
      this.#tag(INTEGER, 8);
      this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
    } else if (typeof value === 'number') {
      this.#tag(REAL, 8);
      this.#length = this.#buffer.writeDoubleLE(value, this.#length);
    } else if (typeof value === 'string') {
      // Not UTF-8, which has no halves of pairs.
      this.#tag(TEXT, 4 + value.length * 2);
      this.#length = this.#buffer.writeUInt32LE(value.length, this.#length);
      this.#length += this.#buffer.write(value, this.#length, 'utf16le');
    } else {
      this.#tag(BYTES, 4 + value.length);
      this.#length = this.#buffer.writeUInt32LE(value.length, this.#length);
      this.#buffer.set(value, this.#length);
      this.#length += value.length;
    }
  }

  #tag(tag: number, room: number): void {
    const needed = this.#length + 1 + room;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#length = this.#buffer.writeUInt8(tag, this.#length);
  }
}

const loose = (value: Value): Value => (typeof value === 'string' ? value.toLowerCase().trimEnd() : value);

const NUMBER = /^-?\d+(\.\d+)?$/;
const MOMENT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+/;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * SQLite has neither decimals nor moments of its own: 12.50 there is a number, '12.50' or '12.5'. Between databases of
 * two kinds such spellings count as equal, in texts that look so as well.
 */
function withoutSpelling(value: Value): Value {
  if (typeof value === 'bigint' || typeof value === 'number') return plainNumber(String(value));
  if (typeof value !== 'string') return value;
  if (NUMBER.test(value)) return plainNumber(value);
  if (MOMENT.test(value))
    return value.replace(/\.(\d*?)0+(?= |$)/, (_, kept: string) => (kept === '' ? '' : `.${kept}`));
  return GUID.test(value) ? value.toUpperCase() : value;
}

const plainNumber = (text: string): string =>
  text.includes('.') && NUMBER.test(text) ? text.replace(/\.?0+$/, '') : text;
