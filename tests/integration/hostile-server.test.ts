/** All at once against a hub in a process of its own, and the good site beside it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { publishRound, randomFile, sha256 } from '../support/hub-folders';
import { bundleSupport, programEnvironment } from '../support/own-process';
import { startRemoteHub, type RemoteHub } from '../support/remote-hub';

const never = new AbortController().signal;
const mega = 1024 * 1024;

let folder: string;
let hub: RemoteHub;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  hub = await startRemoteHub(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What a site does in a night: asks, sends, receives. */
async function goodNight(batch: number): Promise<void> {
  const link = createFtpHubLink(hub.linkOptions(1));
  const [file, segmentFile] = [
    join(folder, `batch ${String(batch)}`),
    join(folder, `segment ${String(batch)}`),
  ];
  const content = await randomFile(file, mega);
  await link.status(never);
  await link.sendBatch(batch, file, { signal: never });
  const [segment] = (await link.manifest(1, never)).segments;
  if (segment === undefined) throw new Error('no segment');
  await link.fetchSegment(1, segment, segmentFile, { signal: never });
  link.close();
  const stored = join(hub.sites, '1', 'batches', `${String(batch).padStart(6, '0')}.batch`);
  expect(sha256(readFileSync(stored))).toBe(sha256(content));
  expect(sha256(readFileSync(segmentFile))).toBe(segment.sha256);
}

// Not within a time, which depends on what else this machine has to do: within the limits of an ordinary site.
test.runIf(process.platform === 'linux')(
  'a good site is served beside every attack at once; memory stays bounded, and the hub ends as it should',
  async () => {
    await publishRound(hub.rounds, 1, Buffer.alloc(mega, 7));
    await goodNight(1);
    const program = await bundleSupport('attackers', folder);
    const attackers = spawn(process.execPath, [program, String(hub.port)], {
      env: programEnvironment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void attackers.kill('SIGKILL'));
    await once(attackers.stdout, 'data');
    for (let batch = 2; batch < 5; batch += 1) await goodNight(batch);
    const { stored, blocked, peak } = await hub.standing();
    attackers.kill('SIGKILL');
    expect(stored).toBe(4);
    expect(blocked).not.toContain('127.0.0.1');
    expect(peak).toBeLessThan(400);
    await goodNight(5);
    await hub.end();
  },
  120_000,
);
