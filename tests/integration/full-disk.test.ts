/** A hub whose disk is really full, not only said to be: a disk of its own in a process of its own. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { publishRound, randomFile, sha256 } from '../support/hub-folders';
import { startRemoteHub } from '../support/remote-hub';
import { asSeenBy, canMountDisks, onSmallDisk } from '../support/small-disk';

const { signal } = new AbortController();
const mega = 1 << 20;

test.runIf(canMountDisks)(
  'an upload that a full disk ends is refused in words and kept; the rest goes on, and it is finished once there is room',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'full-disk-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    // The hub is told that there is room, as it may be until the moment when somebody else has taken it.
    const hub = await startRemoteHub(folder, { launch: onSmallDisk(disk, 12), disk, free: 10 ** 12 });
    const there = (path: string): string => asSeenBy(hub.pid, path);
    const taken = there(join(disk, 'taken'));
    await randomFile(taken, 6 * mega);
    const { segment } = await publishRound(there(hub.rounds), 1, Buffer.alloc(mega, 7));
    const file = join(folder, 'batch');
    const content = await randomFile(file, 8 * mega);
    const link = createFtpHubLink(hub.linkOptions(1));

    await expect(link.sendBatch(1, file, { signal })).rejects.toMatchObject({
      ...{ code: 'hub.refused', retryable: true, params: { reply: 452 } },
    });
    const batches = there(join(hub.sites, '1', 'batches'));
    const [part = ''] = readdirSync(batches);
    expect(part).toMatch(/\.part$/);
    const kept = statSync(join(batches, part)).size;
    expect(kept).toBeGreaterThan(mega);
    const other = createFtpHubLink(hub.linkOptions(2));
    await other.fetchSegment(1, segment, join(folder, 'segment'), { signal });

    await rm(taken);
    const progress: number[] = [];
    await link.sendBatch(1, file, { signal, onProgress: (bytes) => progress.push(bytes) });
    expect(progress[0]).toBeGreaterThanOrEqual(kept);
    expect(sha256(readFileSync(join(batches, '000001.batch')))).toBe(sha256(content));
    expect((await hub.standing()).stored).toBe(1);
    link.close();
    other.close();
    await hub.end();
  },
);
