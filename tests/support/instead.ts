/** The object, but for one of its methods. */
export function instead<T extends object, K extends keyof T>(object: T, name: K, make: (own: T) => T[K]): T {
  return new Proxy(object, {
    get: (target, property) => {
      if (property === name) return make(target);
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
