import { afterEach } from 'vitest';
import { startHub, type RunningHub } from './ftp-hub';

export interface Hubs {
  /** What ends after each test, the last first. */
  readonly ends: (() => Promise<unknown>)[];
  /** A hub that ends with its test. */
  readonly hubWith: (...changes: Parameters<typeof startHub>) => Promise<RunningHub>;
}

/** For a whole file of tests: hubs of their own, and whatever else must end. */
export function useHubs(): Hubs {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const hubWith = async (...changes: Parameters<typeof startHub>): Promise<RunningHub> => {
    const hub = await startHub(...changes);
    ends.push(hub.end);
    return hub;
  };
  return { ends, hubWith };
}
