/** A copy without Vue's proxies, which do not pass between threads. */
export function plain<Value>(value: Value): Value;
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain<unknown>(inner)]));
}
