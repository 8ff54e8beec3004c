import { mkdir, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRetryable } from '../../src/shared/errors';
import type { HubLink, StoredFile } from '../../src/transport/port';
import { publishRound, randomFile, sha256, statusOf, type HubFolders } from '../support/hub-folders';

export interface TransportUnderTest {
  readonly folders: HubFolders;
  readonly stored: readonly StoredFile[];
  /** A link of site 1. */
  readonly link: HubLink;
  end(): Promise<void>;
}

const mega = 1024 * 1024;
const never = (): AbortSignal => new AbortController().signal;
const coded = (code: string): object => expect.objectContaining({ code }) as object;

/** Aborts once `bytes` have passed, and remembers what was told. */
function cutAfter(bytes: number) {
  const controller = new AbortController();
  const reason = new Error('cut by the test');
  const told: number[] = [];
  const onProgress = (passed: number): void => {
    told.push(passed);
    if (passed >= bytes) controller.abort(reason);
  };
  return { options: { signal: controller.signal, onProgress }, reason, told };
}

/** What every HubLink does, whatever carries it. */
export function transportContract(name: string, make: () => Promise<TransportUnderTest>): void {
  describe(`transport contract: ${name}`, () => {
    let hub: TransportUnderTest;
    beforeEach(async () => {
      hub = await make();
    });
    afterEach(async () => {
      hub.link.close();
      await hub.end();
    });
    const batchAtHub = (batch: string): string => join(hub.folders.sites, '1', 'batches', batch);

    test('the status is the one made for this site', async () => {
      expect(await hub.link.status(never())).toEqual(statusOf(1));
    });

    test('a batch arrives whole, once, under its final name', async () => {
      const file = hub.folders.local('batch');
      const content = await randomFile(file, 3 * mega);
      const told: number[] = [];
      await hub.link.sendBatch(42, file, { signal: never(), onProgress: (bytes) => told.push(bytes) });
      expect(sha256(await readFile(batchAtHub('000042.batch')))).toBe(sha256(content));
      expect(await readdir(batchAtHub('.'))).toEqual(['000042.batch']);
      expect(hub.stored).toEqual([{ kind: 'batch', site: 1, batch: 42 }]);
      expect(told.at(-1)).toBe(content.length);
    });

    test('a cut upload goes on where it was cut', async () => {
      const file = hub.folders.local('batch');
      const content = await randomFile(file, 48 * mega);
      const cut = cutAfter(mega);
      await expect(hub.link.sendBatch(7, file, cut.options)).rejects.toBe(cut.reason);
      expect(hub.stored).toEqual([]);
      const [part = ''] = await readdir(batchAtHub('.'));
      expect(part).toBe(`000007-${sha256(content).slice(0, 16)}.part`);
      const again = cutAfter(Infinity);
      await hub.link.sendBatch(7, file, again.options);
      expect(again.told[0]).toBeGreaterThan(0);
      expect(sha256(await readFile(batchAtHub('000007.batch')))).toBe(sha256(content));
    });

    test('the same batch sent twice changes nothing', async () => {
      const file = hub.folders.local('batch');
      await randomFile(file, 1000);
      await hub.link.sendBatch(1, file, { signal: never() });
      const before = await stat(batchAtHub('000001.batch'));
      await hub.link.sendBatch(1, file, { signal: never() });
      expect((await stat(batchAtHub('000001.batch'))).mtimeMs).toBe(before.mtimeMs);
      expect(hub.stored).toHaveLength(1);
    });

    test('other bytes under a number that is taken are refused for good', async () => {
      const file = hub.folders.local('batch');
      const content = await randomFile(file, 1000);
      await hub.link.sendBatch(1, file, { signal: never() });
      await randomFile(file, 1000);
      const refused = await hub.link.sendBatch(1, file, { signal: never() }).catch((error: unknown) => error);
      expect(refused).toEqual(coded('hub.batchDiffers'));
      expect(isRetryable(refused)).toBe(false);
      expect(sha256(await readFile(batchAtHub('000001.batch')))).toBe(sha256(content));
    });

    test('a part that went bad at the hub never becomes a batch, and the next try starts anew', async () => {
      const file = hub.folders.local('batch');
      const content = await randomFile(file, 5000);
      const part = batchAtHub(`000003-${sha256(content).slice(0, 16)}.part`);
      await hub.link.sendBatch(1, file, { signal: never() });
      await writeFile(part, Buffer.alloc(2000, 7));
      const refused = await hub.link.sendBatch(3, file, { signal: never() }).catch((error: unknown) => error);
      expect(refused).toEqual(coded('hub.digest'));
      expect(isRetryable(refused)).toBe(true);
      await hub.link.sendBatch(3, file, { signal: never() });
      expect(sha256(await readFile(batchAtHub('000003.batch')))).toBe(sha256(content));
    });

    test('a manifest is read once it is there', async () => {
      await expect(hub.link.manifest(5, never())).rejects.toEqual(coded('hub.roundMissing'));
      const { manifest } = await publishRound(hub.folders.rounds, 5, Buffer.from('changes'));
      expect(await hub.link.manifest(5, never())).toEqual(manifest);
    });

    test('a segment arrives whole', async () => {
      const content = await randomFile(hub.folders.local('source'), 2 * mega);
      const { segment } = await publishRound(hub.folders.rounds, 1, content);
      const told: number[] = [];
      const file = hub.folders.local('segment');
      await hub.link.fetchSegment(1, segment, file, { signal: never(), onProgress: (at) => told.push(at) });
      expect(sha256(await readFile(file))).toBe(sha256(content));
      expect(told.at(-1)).toBe(content.length);
    });

    test('a cut download goes on where it was cut', async () => {
      const content = await randomFile(hub.folders.local('source'), 2 * mega);
      const { segment } = await publishRound(hub.folders.rounds, 1, content);
      const file = hub.folders.local('segment');
      await hub.link.fetchSegment(1, segment, file, { signal: never() });
      await truncate(file, 777_777);
      const again = cutAfter(Infinity);
      await hub.link.fetchSegment(1, segment, file, again.options);
      expect(again.told[0]).toBe(777_777);
      expect(sha256(await readFile(file))).toBe(sha256(content));
    });

    test('a local part that went bad is found, deleted, and fetched anew', async () => {
      const content = await randomFile(hub.folders.local('source'), 5000);
      const { segment } = await publishRound(hub.folders.rounds, 1, content);
      const file = hub.folders.local('segment');
      await writeFile(file, Buffer.alloc(3000));
      const fetch = (): Promise<void> => hub.link.fetchSegment(1, segment, file, { signal: never() });
      const refused = await fetch().catch((error: unknown) => error);
      expect(refused).toEqual(coded('hub.digest'));
      expect(isRetryable(refused)).toBe(true);
      await fetch();
      expect(sha256(await readFile(file))).toBe(sha256(content));
    });

    test('a segment of a round that is not published is missing', async () => {
      const { segment } = await publishRound(hub.folders.rounds, 1, Buffer.from('changes'));
      const fetch = hub.link.fetchSegment(2, segment, hub.folders.local('segment'), { signal: never() });
      await expect(fetch).rejects.toEqual(coded('hub.roundMissing'));
    });

    test('an acknowledgement arrives, and a second one of the same round changes nothing', async () => {
      const acknowledgement = { round: 123, at: '2009-06-01T00:00:00Z', warnings: 0 };
      await hub.link.acknowledge(acknowledgement, never());
      await hub.link.acknowledge({ ...acknowledgement, warnings: 12 }, never());
      const file = join(hub.folders.sites, '1', 'acks', '000123.json');
      expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(acknowledgement);
      expect(hub.stored).toEqual([{ kind: 'acknowledgement', site: 1, round: 123 }]);
    });

    test('a question arrives, and its answer is fetched once', async () => {
      await hub.link.ask(7, '{"kind":"tables"}', never());
      expect(hub.stored).toEqual([{ kind: 'question', site: 1, question: 7 }]);
      const asked = join(hub.folders.sites, '1', 'questions', '000007.json');
      expect(await readFile(asked, 'utf8')).toBe('{"kind":"tables"}');
      const file = hub.folders.local('answer');
      const fetch = (): Promise<boolean> => hub.link.fetchAnswer(7, file, { signal: never() });
      expect(await fetch()).toBe(false);
      const answers = join(hub.folders.sites, '1', 'answers');
      await mkdir(answers);
      const content = await randomFile(join(answers, '000007.answer'), 3 * mega);
      await randomFile(join(answers, '000008.answer'), 10);
      expect(await fetch()).toBe(true);
      expect(sha256(await readFile(file))).toBe(sha256(content));
      expect(await readdir(answers)).toEqual(['000008.answer']);
      expect(await fetch()).toBe(false);
    });

    test('a question that is no question of ours for its length is refused', async () => {
      const ask = hub.link.ask(8, 'x'.repeat(2 * mega), never()).catch((error: unknown) => error);
      expect(await ask).toBeInstanceOf(Error);
      expect(hub.stored).toEqual([]);
    });

    test('a site asks whether a round is there, on its control line alone', async () => {
      expect(await hub.link.isPublished(3, never())).toBe(false);
      await mkdir(join(hub.folders.rounds, '000003'), { recursive: true });
      expect(await hub.link.isPublished(3, never())).toBe(false);
      await writeFile(join(hub.folders.rounds, '000003', 'manifest.json'), '{}');
      expect(await hub.link.isPublished(3, never())).toBe(true);
    });

    test('a site asks for a session', async () => {
      await hub.link.requestSession(never());
      expect(hub.stored).toEqual([{ kind: 'request', site: 1 }]);
      await hub.link.tellWaiting(never());
      expect(hub.stored.at(-1)).toEqual({ kind: 'waiting', site: 1 });
    });

    test('a call whose signal has aborted does nothing', async () => {
      const reason = new Error('no more');
      const signal = AbortSignal.abort(reason);
      await expect(hub.link.status(signal)).rejects.toBe(reason);
      await expect(hub.link.requestSession(signal)).rejects.toBe(reason);
      expect(hub.stored).toEqual([]);
    });

    test('a closed link opens again at the next call', async () => {
      await hub.link.status(never());
      hub.link.close();
      expect(await hub.link.status(never())).toEqual(statusOf(1));
    });

    test('closing in the middle of an upload ends it, as something that can be tried again', async () => {
      const file = hub.folders.local('batch');
      await randomFile(file, 48 * mega);
      const onProgress = (bytes: number): void => {
        if (bytes >= mega) hub.link.close();
      };
      const sent = await hub.link
        .sendBatch(9, file, { signal: never(), onProgress })
        .catch((error: unknown) => error);
      expect(sent).toEqual(coded('hub.lineCut'));
      expect(isRetryable(sent)).toBe(true);
    });
  });
}
