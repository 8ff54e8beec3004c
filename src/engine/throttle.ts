import type { Clock } from '../shared/clock';

/** Calls at once, and then at most once in `interval` milliseconds: for what is told while it advances. */
export function throttled(clock: Clock, interval: number, work: () => void): () => void {
  let last = -Infinity;
  return () => {
    const now = clock.now();
    if (now - last < interval && now >= last) return;
    last = now;
    work();
  };
}
