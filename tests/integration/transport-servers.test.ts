import { chownSync } from 'node:fs';
import { readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { HubLink } from '../../src/transport/port';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { publishRound, randomFile, sha256, statusOf } from '../support/hub-folders';
import { canServe, startProftpd, startVsftpd, type StandardServer } from '../support/standard-servers';

const mega = 1024 * 1024;
const never = new AbortController().signal;

const servers = [
  ['ProFTPD', startProftpd],
  ['vsftpd', startVsftpd],
] as const;

describe.runIf(canServe).each(servers)('a site that goes through %s', (_, start) => {
  let server: StandardServer;
  let link: HubLink;
  afterEach(async () => {
    link.close();
    await server.end();
  });

  async function open(): Promise<void> {
    server = await start();
    link = createFtpHubLink(server.link);
  }

  const batches = (...names: string[]): string => join(server.tree, 'batches', ...names);

  test('sends and receives over TLS, goes on where it was cut, and proves both by reading', async () => {
    await open();
    await writeFile(join(server.tree, 'status.json'), JSON.stringify(statusOf(1)));
    expect((await link.status(never)).site.number).toBe(1);

    const file = join(server.tree, '..', 'batch');
    const content = await randomFile(file, 8 * mega);
    const abort = new AbortController();
    const reason = new Error('cut by the test');
    const cut = link.sendBatch(7, file, {
      signal: abort.signal,
      onProgress: (bytes) => {
        if (bytes >= mega) abort.abort(reason);
      },
    });
    await expect(cut).rejects.toBe(reason);
    // As much of it as any cut leaves, whenever this one fell.
    const part = batches(`000007-${sha256(content).slice(0, 16)}.part`);
    await writeFile(part, content.subarray(0, 3 * mega));
    chownSync(part, server.owner, server.owner);
    const told: number[] = [];
    await link.sendBatch(7, file, { signal: never, onProgress: (bytes) => told.push(bytes) });
    expect(told[0]).toBe(3 * mega);
    expect(sha256(await readFile(batches('000007.batch')))).toBe(sha256(content));
    expect(await readdir(batches())).toEqual(['000007.batch']);

    const { manifest, segment } = await publishRound(join(server.tree, 'rounds'), 1, content);
    expect(await link.manifest(1, never)).toEqual(manifest);
    const got = join(server.tree, '..', 'segment');
    await link.fetchSegment(1, segment, got, { signal: never });
    await truncate(got, 5 * mega);
    const again: number[] = [];
    await link.fetchSegment(1, segment, got, { signal: never, onProgress: (bytes) => again.push(bytes) });
    expect(again[0]).toBe(5 * mega);
    expect(sha256(await readFile(got))).toBe(sha256(content));

    await link.acknowledge({ round: 1, at: '2026-11-26T20:00:00.000Z', warnings: 0 }, never);
    await link.acknowledge({ round: 1, at: '2026-11-26T21:00:00.000Z', warnings: 1 }, never);
    expect(await readFile(join(server.tree, 'acks', '000001.json'), 'utf8')).toContain('T20:00');
  });

  test('never takes damage for a batch, nor writes over one', async () => {
    await open();
    const file = join(server.tree, '..', 'batch');
    const content = await randomFile(file, mega);
    const part = batches(`000001-${sha256(content).slice(0, 16)}.part`);
    await writeFile(part, Buffer.alloc(5000, 7));
    chownSync(part, server.owner, server.owner);
    await expect(link.sendBatch(1, file, { signal: never })).rejects.toMatchObject({
      ...{ code: 'hub.digest', retryable: true },
    });
    await link.sendBatch(1, file, { signal: never });
    await link.sendBatch(1, file, { signal: never });
    expect(sha256(await readFile(batches('000001.batch')))).toBe(sha256(content));
    await rm(file);
    await randomFile(file, mega);
    await expect(link.sendBatch(1, file, { signal: never })).rejects.toMatchObject({
      ...{ code: 'hub.batchDiffers', retryable: false },
    });
    expect(sha256(await readFile(batches('000001.batch')))).toBe(sha256(content));
  });

  test('is told apart from another server, and refuses another account for good', async () => {
    await open();
    const codeOf = async (changes: Partial<StandardServer['link']>): Promise<unknown> => {
      const other = createFtpHubLink({ ...server.link, ...changes });
      const error: unknown = await other.status(never).catch((caught: unknown) => caught);
      other.close();
      return error;
    };
    const fingerprint = (server.link.fingerprint ?? '').replace(/^../, (byte) =>
      byte === '00' ? '01' : '00',
    );
    expect(await codeOf({ fingerprint })).toMatchObject({ code: 'hub.fingerprint', retryable: false });
    expect(await codeOf({ user: 'nobody', secret: 'wrong' })).toMatchObject({
      ...{ code: 'hub.login', retryable: false },
    });
    expect(await codeOf({ fingerprint: null })).toMatchObject({ retryable: false });
  });
});
