/** Values on their way between the port and the driver, checked so that the database never alters one in silence. */
import type { Value } from '../../batch/block';
import type { ColumnType } from './column-type';
import { asText } from './connection';

/** What the driver takes for a value; undefined: the column cannot hold this very value. */
export type Wire = string | number | bigint | Buffer | null;

export function toWire(type: ColumnType, value: Value): Wire | undefined {
  if (value === null) return null;
  switch (type.kind) {
    case 'integer':
      return typeof value === 'bigint' && isInRange(type, value) ? narrow(type, value) : undefined;
    case 'real':
      return typeof value === 'number' && isFloat(type, value) ? value : undefined;
    case 'text':
      return typeof value === 'string' && value.length <= (type.length ?? Infinity) ? value : undefined;
    case 'binary':
      return value instanceof Uint8Array && isOfLength(type, value.length)
        ? Buffer.from(value.buffer, value.byteOffset, value.length)
        : undefined;
    case 'decimal':
      return decimalText(type, value);
    case 'moment':
      return typeof value === 'string' && isMoment(type, value) ? withDigits(type, value) : undefined;
    case 'guid':
      return typeof value === 'string' && GUID.test(value) ? value.toUpperCase() : undefined;
  }
}

/** Text or bytes that would fit, were the column longer. */
export const isTooLong = (type: ColumnType | undefined, value: Value): boolean =>
  (type?.kind === 'text' && typeof value === 'string' && value.length > (type.length ?? Infinity)) ||
  (type?.kind === 'binary' && value instanceof Uint8Array && value.length > (type.length ?? Infinity));

/** What the driver gave for a column read by its `readExpression`. */
export function fromWire(type: ColumnType, value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (type.kind === 'integer') return BigInt(asText(value));
  if (type.kind === 'real') return Number(value);
  // The driver's bytes are a window on a packet, which would be kept whole for as long as they are.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  // Servers differ in how many zeros they write: what is read must be what was written.
  return type.kind === 'moment' ? withDigits(type, asText(value)) : asText(value);
}

const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  bit: [0n, 1n],
  tinyint: [0n, 255n],
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** The largest value of an integer type, null for others. */
export const largestOf = ({ name }: ColumnType): bigint | null => INTEGER_RANGES[name]?.[1] ?? null;

function isInRange({ name }: ColumnType, value: bigint): boolean {
  const [least, most] = INTEGER_RANGES[name] ?? [0n, 0n];
  return value >= least && value <= most;
}

/** The driver takes small integers as numbers only. */
const narrow = ({ name }: ColumnType, value: bigint): number | bigint =>
  name === 'bigint' ? value : Number(value);

/** Floating point of seven digits. */
export const isSingle = ({ name, kind, precision }: ColumnType): boolean =>
  kind === 'real' && (name === 'real' || precision <= 24);

const isFloat = (type: ColumnType, value: number): boolean =>
  Number.isFinite(value) && (!isSingle(type) || Math.fround(value) === value);

const isOfLength = ({ name, length }: ColumnType, bytes: number): boolean =>
  name === 'binary' ? bytes === length : bytes <= (length ?? Infinity);

const DECIMAL = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/;
const MONEY_LIMITS: Readonly<Record<string, bigint>> = { money: 2n ** 63n, smallmoney: 2n ** 31n };

/** Numbers come from databases that have no decimals of their own. As the server would write it, whole scale. */
function decimalText(type: ColumnType, value: Value): string | undefined {
  const text = String(value);
  const [, sign = '', whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
  if (value instanceof Uint8Array || !DECIMAL.test(text) || !/\d/.test(text)) return undefined;
  const limit = MONEY_LIMITS[type.name];
  const fits =
    fraction.length <= type.scale &&
    (limit === undefined
      ? whole.length <= type.precision - type.scale
      : isMoney(sign, `${whole}${fraction.padEnd(4, '0')}`, limit));
  if (!fits) return undefined;
  const digits = `${whole === '' ? '0' : whole}${type.scale === 0 ? '' : `.${fraction.padEnd(type.scale, '0')}`}`;
  return /[1-9]/.test(digits) ? `${sign}${digits}` : digits;
}

const isMoney = (sign: string, units: string, limit: bigint): boolean =>
  BigInt(units) <= (sign === '-' ? limit : limit - 1n);

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const DATE = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)`;
const TIME = String.raw`([01]\d|2[0-3]):[0-5]\d:(?<second>[0-5]\d)(\.(?<fraction>\d{1,7}))?`;
const OFFSET = String.raw` [+-](0\d|1[0-3]):[0-5]\d| [+-]14:00`;
const WITH_DATE = new RegExp(`^${DATE} ${TIME}$`);
const MOMENTS: Readonly<Record<string, RegExp>> = {
  date: new RegExp(`^${DATE}$`),
  time: new RegExp(`^${TIME}$`),
  datetime: WITH_DATE,
  smalldatetime: WITH_DATE,
  datetime2: WITH_DATE,
  datetimeoffset: new RegExp(`^${DATE} ${TIME}(${OFFSET})$`),
};
const FIRST_YEARS: Readonly<Record<string, number>> = { datetime: 1753, smalldatetime: 1900 };

function isMoment(type: ColumnType, text: string): boolean {
  const groups = MOMENTS[type.name]?.exec(text)?.groups;
  if (groups === undefined) return false;
  const { year, month, day, second = '', fraction = '' } = groups;
  if (year !== undefined && !isDay(Number(year), Number(month), Number(day))) return false;
  if (Number(year ?? 9999) < (FIRST_YEARS[type.name] ?? 1)) return false;
  const digits = fraction.replace(/0+$/, '');
  switch (type.name) {
    case 'smalldatetime':
      return second === '00' && digits === '' && text < '2079-06-06 23:59:30';
    // It counts in three hundredths of a second and would round the others.
    case 'datetime':
      return /^(\d\d[37]?|\d?)$/.test(digits);
    default:
      return digits.length <= type.scale;
  }
}

/** As the server would write it: each type has its number of digits after the second. */
function withDigits({ name, scale }: ColumnType, text: string): string {
  if (name === 'date' || name === 'smalldatetime') return text.replace(/\.0+$/, '');
  const [, before = '', fraction = '', offset = ''] =
    /^(.*?\d\d:\d\d:\d\d)(?:\.(\d+))?( .+)?$/.exec(text) ?? [];
  const digits = name === 'datetime' ? 3 : scale;
  return `${before}${digits === 0 ? '' : `.${fraction.slice(0, digits).padEnd(digits, '0')}`}${offset}`;
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1) return false;
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** A value as a parameter for `keyExpression` or `writeExpression`. */
export const parameterOf = (type: ColumnType, value: Value): Value =>
  type.kind === 'decimal' && value !== null ? String(value) : value;
