import { inject } from 'vitest';

/** The display of this worker, `:123`: windows side by side on one would take each other's focus. */
export function ownDisplay(): string {
  const displays = inject('displays');
  const own = displays[(Number(process.env['VITEST_POOL_ID']) - 1) % displays.length];
  if (own === undefined) throw new Error('no display for this worker');
  return own;
}
