import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/shared/clock';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { Pace } from '../../src/transport/site/pace';
import { startHub, type RunningHub } from '../support/ftp-hub';
import { publishRound, randomFile, sha256 } from '../support/hub-folders';

const never = new AbortController().signal;

/** Time that passes only where somebody waits for it. */
function ownedClock(start = 0): { clock: Clock; pauses: number[]; move: (by: number) => void } {
  let now = start;
  const pauses: number[] = [];
  const delay = (milliseconds: number): Promise<void> => {
    pauses.push(milliseconds);
    now += milliseconds;
    return Promise.resolve();
  };
  return { clock: { now: () => now, delay }, pauses, move: (by) => (now += by) };
}

const total = (pauses: readonly number[]): number => pauses.reduce((sum, pause) => sum + pause, 0);

describe('a pace', () => {
  test('lets as much pass as it may, and no more', async () => {
    const { clock, pauses, move } = ownedClock();
    const pace = new Pace({ clock, limitAt: () => 1000 });
    await pace.pass(500, never);
    await pace.pass(250, never);
    move(100);
    await pace.pass(1000, never);
    move(5000);
    await pace.pass(10, never);
    expect(pauses).toEqual([500, 150]);
  });

  test('asks each time what holds now: hours begin and end in the midst of a transfer', async () => {
    const { clock, pauses } = ownedClock();
    const pace = new Pace({ clock, limitAt: (now) => (now < 1000 ? 1000 : null) });
    for (let piece = 0; piece < 10; piece += 1) await pace.pass(400, never);
    expect(pauses).toEqual([400, 400, 400]);
  });

  test('without a limit passes pieces too, so that a slow line does not look dead meanwhile', () => {
    const pace = new Pace({ clock: ownedClock().clock, limitAt: () => null });
    expect([...pace.pieces(Buffer.alloc(100_000))].map(({ length }) => length)).toEqual([65_536, 34_464]);
  });

  test('goes on after a clock that is set back', async () => {
    const { clock, pauses, move } = ownedClock(10_000_000);
    const pace = new Pace({ clock, limitAt: () => 1000 });
    await pace.pass(200, never);
    move(-9_000_000);
    await pace.pass(200, never);
    expect(pauses).toEqual([200]);
  });

  test('passes a block in pieces of a quarter of a second', () => {
    const block = Buffer.alloc(1 << 18, 7);
    const pieces = (limit: number): number[] => {
      const pace = new Pace({ clock: ownedClock().clock, limitAt: () => limit });
      const all = [...pace.pieces(block)];
      expect(Buffer.concat(all).equals(block)).toBe(true);
      return [...new Set(all.map(({ length }) => length))];
    };
    expect(pieces(200_000)[0]).toBe(50_000);
    expect(pieces(10_000_000)).toEqual([1 << 16]);
    expect(pieces(1000)).toEqual([1024]);
  });
});

describe('a link with a limit', () => {
  const limit = 100_000;
  const size = 1_000_000;
  let hub: RunningHub;
  beforeEach(async () => {
    hub = await startHub();
  });
  afterEach(() => hub.end());

  test('rests while it sends, for as long as the bytes are worth', async () => {
    const { clock, pauses } = ownedClock(1_000_000_000);
    const link = createFtpHubLink({ ...hub.linkOptions(1), clock, limitAt: () => limit });
    const file = hub.folders.local('batch');
    const content = await randomFile(file, size);
    await link.sendBatch(1, file, { signal: never });
    link.close();
    const batch = await readFile(join(hub.folders.sites, '1', 'batches', '000001.batch'));
    expect(sha256(batch)).toBe(sha256(content));
    // All but the last piece is waited for.
    expect(total(pauses)).toBeGreaterThan(9_700);
    expect(total(pauses)).toBeLessThanOrEqual(10_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(250);
  });

  test('rests while it receives', async () => {
    const { clock, pauses } = ownedClock(1_000_000_000);
    const link = createFtpHubLink({ ...hub.linkOptions(1), clock, limitAt: () => limit });
    const content = await randomFile(hub.folders.local('source'), size);
    const { segment } = await publishRound(hub.folders.rounds, 1, content);
    const file = hub.folders.local('segment');
    await link.fetchSegment(1, segment, file, { signal: never });
    link.close();
    expect(sha256(await readFile(file))).toBe(sha256(content));
    expect(total(pauses)).toBeGreaterThan(8_000);
    expect(total(pauses)).toBeLessThanOrEqual(10_000);
    expect(Math.max(...pauses)).toBeLessThan(2_000);
  });

  test('does not rest at other hours', async () => {
    const { clock, pauses } = ownedClock(1_000_000_000);
    const link = createFtpHubLink({ ...hub.linkOptions(1), clock, limitAt: () => null });
    const file = hub.folders.local('batch');
    await randomFile(file, size);
    await link.sendBatch(1, file, { signal: never });
    link.close();
    expect(pauses).toEqual([]);
  });

  test('ends a rest at once when it is aborted, and can be used again', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    /** A rest that nothing but the signal ends. */
    const delay = (_: number, signal?: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(reason), { once: true });
        abort.abort(reason);
      });
    let limited = true;
    const clock = { now: () => 1_000_000_000, delay };
    const limitAt = (): number | null => (limited ? limit : null);
    const link = createFtpHubLink({ ...hub.linkOptions(1), clock, limitAt });
    const file = hub.folders.local('batch');
    await randomFile(file, size);
    await expect(link.sendBatch(1, file, { signal: abort.signal })).rejects.toBe(reason);
    limited = false;
    await link.sendBatch(1, file, { signal: never });
    link.close();
    expect(hub.stored).toEqual([{ kind: 'batch', site: 1, batch: 1 }]);
  });
});
