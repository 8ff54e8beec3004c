/** What a decoder throws when bytes cannot be what its encoder wrote. The reader of files gives it a code. */
export class FormatError extends Error {}

const INITIAL_BYTES = 1 << 16;

/** A buffer that grows; numbers are little-endian. */
export class ByteWriter {
  private bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;
  /** Bytes of texts that nothing but brotli can shorten, counted by who writes them. */
  proseBytes = 0;

  /** Makes room for `count` bytes and returns where they start; write them with `set` right after. */
  reserve(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    this.length = end;
    return start;
  }

  /** The buffer as it is now: a later `reserve` may replace it. */
  get buffer(): Buffer {
    return this.bytes;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  /** A whole number from 0 to 2^53, seven bits a byte, low bits first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  append(bytes: Uint8Array): void {
    // In two statements: `reserve` may replace the buffer.
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** A view on what was written. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/** Reads what a ByteWriter wrote; throws FormatError past the end. */
export class ByteReader {
  private position = 0;

  constructor(readonly buffer: Buffer) {}

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  /** Skips `count` bytes and returns where they start. */
  skip(count: number): number {
    if (count > this.remaining) throw new FormatError(`${count} bytes wanted, ${this.remaining} left`);
    const start = this.position;
    this.position += count;
    return start;
  }

  byte(): number {
    return this.buffer.readUInt8(this.skip(1));
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new FormatError('a varint is too long');
  }

  /** A varint that counts something: refused above `limit`, before anything of that size is allocated. */
  count(limit: number, what: string): number {
    const value = this.varint();
    if (value > limit) throw new FormatError(`${value} ${what}, at most ${limit} expected`);
    return value;
  }

  /** A view of the next `count` bytes. */
  take(count: number): Buffer {
    const start = this.skip(count);
    return this.buffer.subarray(start, start + count);
  }

  expectEnd(): void {
    if (this.remaining > 0) throw new FormatError(`${this.remaining} bytes too many`);
  }
}
