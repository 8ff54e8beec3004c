/** A copy without Vue's proxies, which do not pass between threads. */
export function plain<Value>(value: Value): Value;
export function plain(value: unknown): unknown {
  // Not its own `map`: an array of Node's realm would give back a proxy again.
  if (Array.isArray(value)) return Array.from<unknown, unknown>(value, (item) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain<unknown>(inner)]));
}
