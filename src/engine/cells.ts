import type { Value } from '../batch/block';
import type { Cell } from './contract';

/** Longer texts are cut: nobody compares them on a screen. */
const LONGEST_TEXT = 2000;

export function isSame(a: Value, b: Value): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.from(a).equals(b);
  return Object.is(a, b);
}

export function cellOf(value: Value): Cell {
  if (value === null) return { type: 'null' };
  if (value instanceof Uint8Array) return { type: 'bytes', size: value.length };
  if (typeof value !== 'string') return { type: 'number', text: String(value) };
  return { type: 'text', text: value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value };
}
