import type { EngineCalls } from '../../../src/engine/contract';
import { SyncError } from '../../../src/shared/errors';
import type { Stub } from './stub';

/** With `hold` the start goes on until it is stopped. */
export function snapshotCalls({ events, options }: Stub): Pick<EngineCalls, 'startFrom' | 'stopSnapshot'> {
  let stop: () => void = () => undefined;
  return {
    startFrom: async () => {
      if (options.hold !== true) return 1;
      events.snapshotAdvances({
        stage: 'loading',
        table: 'Adherents',
        rows: { done: 412_000, total: 1_250_000 },
        bytes: null,
        left: 74_000,
      });
      await new Promise<void>((resolve) => (stop = resolve));
      events.snapshotAdvances(null);
      throw new SyncError('snapshot.stopped');
    },
    stopSnapshot: () => {
      stop();
      return Promise.resolve();
    },
  };
}
