/** Columns that hold a sum to which places add, and the arithmetic of such sums. */
import type { Value } from '../batch/block';

/** By table, the columns declared so. */
export type AdditiveColumns = Readonly<Record<string, readonly string[]>>;

/** A number as it is written in decimal: `units` times ten to the power of minus `scale`. */
interface Exact {
  readonly units: bigint;
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** More digits than the numbers of any engine have, so that a strange text costs nothing. */
const MOST_DIGITS = 400;

const LARGEST = 2n ** 63n - 1n;

/** `one` plus `other`; null where either is no number, or the sum cannot be kept. */
export const plus = (one: Value, other: Value): Value => combine(one, other, (a, b) => a + b);

/** `one` minus `other`; null where either is no number, or the difference cannot be kept. */
export const minus = (one: Value, other: Value): Value => combine(one, other, (a, b) => a - b);

/**
 * Counted in decimal as the numbers are written, never in floating point: 0.1 and 0.2 are 0.3, and the order of several
 * sums does not matter. The result is text where one of them is (decimals of a server), floating point, rounded once,
 * where one of them is, else a whole number of 64 bits.
 */
function combine(one: Value, other: Value, count: (a: bigint, b: bigint) => bigint): Value {
  const [a, b] = [exact(one), exact(other)];
  if (a === null || b === null) return null;
  const scale = Math.max(a.scale, b.scale);
  const units = count(atScale(a, scale), atScale(b, scale));
  if (typeof one === 'string' || typeof other === 'string') return written({ units, scale });
  if (typeof one === 'bigint' && typeof other === 'bigint')
    return units > LARGEST || units < -LARGEST - 1n ? null : units;
  const real = Number(written({ units, scale }));
  return Number.isFinite(real) ? real : null;
}

function exact(value: Value): Exact | null {
  if (typeof value === 'bigint') return { units: value, scale: 0 };
  if (value === null || value instanceof Uint8Array) return null;
  const parts = DECIMAL.exec(String(value));
  if (parts === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const scale = fraction.length - Number(exponent);
  if (whole.length + fraction.length > MOST_DIGITS || Math.abs(scale) > MOST_DIGITS) return null;
  const units = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

const atScale = ({ units, scale }: Exact, wanted: number): bigint => units * 10n ** BigInt(wanted - scale);

function written({ units, scale }: Exact): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const sign = units < 0n ? '-' : '';
  return `${sign}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
}

/** Adds up what several lines of a log added; a null among them: not known, and so is the sum. */
export const total = (parts: readonly Value[]): Value =>
  parts.reduce<Value>((sum, part) => (sum === null ? null : plus(sum, part)), 0n);

/** Of these columns, in the order of the table, those that are declared additive and can be. */
export function additiveOf(
  table: { readonly name: string; readonly columns: readonly string[]; readonly addable: readonly string[] },
  declared: AdditiveColumns,
): readonly string[] {
  const wanted = Object.hasOwn(declared, table.name) ? (declared[table.name] ?? []) : [];
  return table.columns.filter((column) => wanted.includes(column) && table.addable.includes(column));
}

/** By table, the columns that are additive in this database; a table without any is left out. */
export const additiveIn = (
  tables: readonly { readonly name: string; readonly additive: readonly string[] }[],
): AdditiveColumns =>
  Object.fromEntries(
    tables.flatMap(({ name, additive }) => (additive.length === 0 ? [] : [[name, additive]])),
  );

/** What is declared and is no number of any of these tables. */
export const unknownAdditive = (
  tables: readonly { readonly name: string; readonly addable: readonly string[] }[],
  declared: AdditiveColumns,
): { readonly table: string; readonly column: string }[] =>
  Object.entries(declared).flatMap(([table, columns]) => {
    const addable = tables.find(({ name }) => name === table)?.addable ?? [];
    return columns.filter((column) => !addable.includes(column)).map((column) => ({ table, column }));
  });
