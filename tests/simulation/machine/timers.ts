/**
 * Stands in for the real timers: none of them ever fires. What the engine looks at by the second it also looks at before
 * it begins, and real time must neither decide what happens nor keep a worker alive.
 */
export const setInterval = (): null => null;

export const clearInterval = (): void => undefined;
