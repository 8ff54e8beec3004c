import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { publishRound, randomFile } from '../support/hub-folders';
import { startBenchHub } from './bench-hub';
import { interleaved, seconds, time, type Bench, type Context, type Figure } from './bench';

/** What a site exchanges with a hub in a night, while strangers do to that hub all they can. */
export const attacked: Bench = {
  name: 'attacked',
  measure: (context) => (process.platform === 'linux' ? measure(context) : Promise.resolve([])),
};

/** Both ways, bytes. */
const SIZE = 1 << 20;
/** Nights of one measurement: one alone is too short to tell. */
const NIGHTS = 5;
/** Until strangers are at full strength, or the hub has done with what they left, milliseconds. */
const SETTLING = 1500;

async function measure({ folder, programs, runs }: Context): Promise<readonly Figure[]> {
  const hub = await startBenchHub(programs);
  const [file, arrived] = [join(folder, 'sent'), join(folder, 'received')];
  const { segment } = await publishRound(hub.rounds, 1, await randomFile(file, SIZE));
  const { signal } = new AbortController();
  let batch = 0;
  const night = async (): Promise<void> => {
    const link = createFtpHubLink(hub.linkOptions(1));
    await link.status(signal);
    await link.sendBatch((batch += 1), file, { signal });
    await link.manifest(1, signal);
    await link.fetchSegment(1, segment, `${arrived} ${batch}`, { signal });
    link.close();
  };
  const nights = (): Promise<number> =>
    seconds(async () => {
      for (let count = 0; count < NIGHTS; count += 1) await night();
    });
  await night();
  const strangers = spawn(process.execPath, [join(programs, 'attackers.js'), String(hub.port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(strangers.stdout, 'data');
    const { floor, measured, ratio } = await interleaved(
      runs,
      async () => {
        strangers.kill('SIGSTOP');
        await wait(SETTLING);
        return nights();
      },
      async () => {
        strangers.kill('SIGCONT');
        await wait(SETTLING);
        return nights();
      },
    );
    return [
      {
        what: 'a night of 1 MB each way beside eight attacks at once',
        measured: time(measured / NIGHTS),
        floor: `without them: ${time(floor / NIGHTS)}`,
        ratio,
        goal: 'at most 2',
        met: ratio <= 2,
      },
    ];
  } finally {
    strangers.kill('SIGKILL');
    await hub.end();
  }
}
