import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { publishRound, randomFile } from '../support/hub-folders';
import { secretOf } from '../support/ftp-hub';
import { canServe, startVsftpd } from '../support/standard-servers';
import { interleaved, seconds, type Bench, type Context, type Figure, type Pair } from './bench';

const MEGABYTES = 256;

/** One file each way over TLS on loopback, verified and made durable at its end, beside two programs that do neither. */
export const transfer: Bench = {
  name: 'transfer',
  measure: (context) => (canServe ? measure(context) : Promise.resolve([])),
};

const hubSchema = z.object({
  port: z.number(),
  rounds: z.string(),
  sites: z.string(),
  fingerprint: z.string(),
});

async function measure({ folder, programs, runs }: Context): Promise<readonly Figure[]> {
  const [file, arrived] = [join(folder, 'sent'), join(folder, 'received')];
  const content = await randomFile(file, MEGABYTES << 20);
  const child = spawn(process.execPath, [...process.execArgv, join(programs, 'hub-process.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const hub = hubSchema.parse(JSON.parse(line));
  const standard = await startVsftpd();
  const options = { host: '127.0.0.1', user: 'site1', secret: secretOf(1), ...hub };
  const link = createFtpHubLink(options);
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
    child.stdin.end();
    await once(child, 'exit');
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
