import type { Value } from '../../batch/block';

/** The package cuts text at a NUL when it binds it: such text goes in as bytes, and SQL makes it text again. */
export const bindable = (value: Value): Value => (hasNul(value) ? Buffer.from(value, 'utf8') : value);

/** SQL of the place where `bindable(value)` is bound. */
export const parameter = (value: Value): string => (hasNul(value) ? 'CAST(? AS TEXT)' : '?');

export const hasNul = (value: Value): value is string => typeof value === 'string' && value.includes('\0');
