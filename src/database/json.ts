import type { Value } from '../batch/block';

/** JSON of an object that holds values of rows: it has no big integers, no bytes, no infinities, so they are wrapped. */
export function pack(content: object): string {
  return JSON.stringify(content, function (this: Record<string, unknown>, key) {
    // Read from the holder: what comes as the second argument went through `toJSON` already, which Buffer has.
    return packValue(this[key]);
  });
}

export const unpack = (text: string): unknown => JSON.parse(text, (_, value: unknown) => unpackValue(value));

export const packValues = (values: readonly Value[]): string => pack(values);

export const unpackValues = (text: string): readonly Value[] => unpack(text) as Value[];

function packValue(value: unknown): unknown {
  if (typeof value === 'bigint') return { $integer: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $real: String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return value;
}

function unpackValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$integer' in value) return BigInt(String(value.$integer));
  if ('$real' in value) return Number(value.$real);
  if ('$bytes' in value) return new Uint8Array(Buffer.from(String(value.$bytes), 'base64'));
  return value;
}
