import type { Parts } from '../../src/engine/parts';
import { parts } from '../../src/main';
import { systemClock, type Clock } from '../../src/shared/clock';
import { createHubServer } from '../../src/transport/hub/hub-server';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';

/** The sweep's clocks run this many times faster than the machine's. */
const HASTE = 10;

/** A line that is silent for so long is dead, milliseconds of the machine: here all are on one machine. */
const SILENCE = 4_000;

/** A clock in haste that shows the same in every process: `epoch` is the machine's time at which it was right. */
export const hastyClock = (epoch: number): Clock => ({
  now: () => Math.round(epoch + (systemClock.now() - epoch) * HASTE),
  delay: (milliseconds, signal) => systemClock.delay(milliseconds / HASTE, signal),
});

/** The product's own parts, which wait less. */
export const hastyParts = (epoch: number): Parts => ({
  ...parts,
  clock: hastyClock(epoch),
  createServer: (options) =>
    createHubServer({
      ...options,
      host: '127.0.0.1',
      tarpitMilliseconds: 1,
      limits: { silenceMilliseconds: SILENCE, waitMilliseconds: SILENCE, loginMilliseconds: SILENCE },
    }),
  createLink: (options) => createFtpHubLink({ ...options, timeoutMilliseconds: SILENCE }),
});
