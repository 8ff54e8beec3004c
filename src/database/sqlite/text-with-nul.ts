import type { Value } from '../../batch/block';

/**
 * The package cuts text at a NUL when it binds it, so such text is bound in pieces that SQL joins again. (Not as bytes
 * turned into text: these would have to be in the database's own encoding.)
 */
export const parameter = (value: Value): string =>
  hasNul(value)
    ? `(${value
        .split('\0')
        .map(() => '?')
        .join(' || char(0) || ')})`
    : '?';

/** What to bind to the places in `parameter(value)`. */
export const bound = (value: Value): readonly Value[] => (hasNul(value) ? value.split('\0') : [value]);

export const hasNul = (value: Value): value is string => typeof value === 'string' && value.includes('\0');
