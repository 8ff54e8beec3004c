import { execFile } from 'node:child_process';
import { copyFile, chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { publishRound, randomFile } from '../support/hub-folders';
import { canServe, startVsftpd } from '../support/standard-servers';
import { startBenchHub } from './bench-hub';
import { interleaved, seconds, type Bench, type Context, type Figure, type Pair } from './bench';

const MEGABYTES = 256;

/** One file each way over TLS on loopback, verified and made durable at its end, beside two programs that do neither. */
export const transfer: Bench = {
  name: 'transfer',
  measure: (context) => (canServe ? measure(context) : Promise.resolve([])),
};

async function measure({ folder, programs, runs }: Context): Promise<readonly Figure[]> {
  const [file, arrived] = [join(folder, 'sent'), join(folder, 'received')];
  const content = await randomFile(file, MEGABYTES << 20);
  const hub = await startBenchHub(programs);
  const standard = await startVsftpd();
  const link = createFtpHubLink(hub.linkOptions(1));
  const { segment } = await publishRound(hub.rounds, 1, content);
  const { signal } = new AbortController();
  const theirs = join(standard.tree, 'batches', 'file');
  const curl = (...args: string[]): Promise<number> =>
    seconds(() =>
      promisify(execFile)('curl', ['-sS', '--ssl-reqd', '--insecure', '--user', 'anonymous:', ...args]),
    );
  const url = `ftp://127.0.0.1:${standard.link.port}/batches/file`;
  try {
    let batch = 0;
    const up = await interleaved(
      runs,
      async () => {
        await rm(theirs, { force: true });
        return curl('--upload-file', file, url);
      },
      () => seconds(() => link.sendBatch((batch += 1), file, { signal, onProgress: () => undefined })),
    );
    await copyFile(file, theirs);
    await chown(theirs, standard.owner, standard.owner);
    const down = await interleaved(
      runs,
      () => curl('--output', join(folder, 'theirs'), url),
      async () => {
        await rm(arrived, { force: true });
        return seconds(() => link.fetchSegment(1, segment, arrived, { signal, onProgress: () => undefined }));
      },
    );
    return [figure('upload', up), figure('download', down)];
  } finally {
    link.close();
    await standard.end();
    await hub.end();
  }
}

const speed = (taken: number): string => `${(MEGABYTES / taken).toFixed(0)} MB/s`;

const figure = (what: string, { floor, measured, ratio }: Pair): Figure => ({
  what: `${what} of ${MEGABYTES} MB over TLS on loopback`,
  measured: speed(measured),
  floor: `curl and vsftpd: ${speed(floor)}`,
  ratio: 1 / ratio,
  goal: 'at least 0.8',
  met: 1 / ratio >= 0.8,
});
