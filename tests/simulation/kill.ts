/** Switches a machine off at a chosen call: the call does not happen, and nothing after it. */
export class Fuse {
  #left: number;
  #blown = false;

  /** `calls` pass; the one after them does not. */
  constructor(calls: number) {
    this.#left = calls;
  }

  static never(): Fuse {
    return new Fuse(Number.POSITIVE_INFINITY);
  }

  get blown(): boolean {
    return this.#blown;
  }

  pass(): void {
    if (this.#left <= 0) this.#blown = true;
    if (this.#blown) throw new Error('the power is off');
    this.#left -= 1;
  }
}

/** The same part, each of whose calls passes the fuse first; what it hands on to a callback does so too. */
export function withKill<T extends object>(part: T, fuse: Fuse): T {
  return new Proxy(part, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name === 'close') return (): unknown => Reflect.apply(member, target, []);
      return (...args: unknown[]): unknown => {
        fuse.pass();
        return watched(
          Reflect.apply(
            member,
            target,
            args.map((arg) => guarded(arg, fuse)),
          ),
          fuse,
        );
      };
    },
  });
}

/** A callback that is given a part of its own (a transaction) gets it with the fuse. */
function guarded(argument: unknown, fuse: Fuse): unknown {
  if (typeof argument !== 'function') return argument;
  return (...given: unknown[]): unknown =>
    Reflect.apply(
      argument,
      undefined,
      given.map((part) => (typeof part === 'object' && part !== null ? withKill(part, fuse) : part)),
    );
}

/** What is read piece by piece can end after any piece. */
function watched(result: unknown, fuse: Fuse): unknown {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
  const pieces = result as AsyncIterable<unknown>;
  return (async function* () {
    for await (const piece of pieces) {
      fuse.pass();
      yield piece;
    }
  })();
}
