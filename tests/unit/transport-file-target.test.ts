import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { FileTarget, type TargetHandle } from '../../src/transport/file-target';

const MEGABYTE = Buffer.alloc(1 << 20, 7);

/** A disk that says what it was asked to do. */
class Handle implements TargetHandle {
  readonly asked: string[] = [];
  write: () => Promise<void> = () => Promise.resolve();
  flush: () => Promise<void> = () => Promise.resolve();

  async writev(blocks: readonly Buffer[]): Promise<{ bytesWritten: number }> {
    const bytesWritten = Buffer.concat(blocks).length;
    this.asked.push(`write ${bytesWritten}`);
    await this.write();
    return { bytesWritten };
  }

  datasync = (): Promise<void> => {
    this.asked.push('flush');
    return this.flush();
  };
  close = (): Promise<void> => {
    this.asked.push('close');
    return Promise.resolve();
  };
}

const blocks = function* (megabytes: number): Generator<Buffer> {
  for (let block = 0; block < megabytes; block += 1) yield MEGABYTE;
};

test('the disk writes while the transfer goes on, and the file is closed at its end', async () => {
  const handle = new Handle();
  const target = new FileTarget(handle, { start: 5 });
  await pipeline(blocks(70), target);
  expect(target.length).toBe(5 + 70 * MEGABYTE.length);
  expect(handle.asked.filter((what) => what === 'flush')).toHaveLength(2);
  expect(handle.asked.at(-1)).toBe('close');
});

test('a disk that fails behind a transfer fails it: the system would not tell again', async () => {
  const handle = new Handle();
  handle.flush = () => Promise.reject(new Error('EIO'));
  const target = new FileTarget(handle, {
    start: 0,
    failure: (error) => new Error(`disk: ${String(error)}`),
  });
  await expect(pipeline(blocks(70), target)).rejects.toThrow('disk: Error: EIO');
});

test('what came while the disk was busy goes in one write', async () => {
  const handle = new Handle();
  let free: () => void = () => undefined;
  handle.write = () => new Promise((resolve) => (free = resolve));
  const target = new FileTarget(handle, { start: 0 });
  for (const text of ['a', 'bc', 'def']) target.write(text);
  free();
  await new Promise(setImmediate);
  expect(handle.asked).toEqual(['write 1', 'write 5']);
  free();
  target.end();
  await once(target, 'close');
  expect(target.length).toBe(6);
});

test('who lets go of it waits for the write under way, and the file is closed behind it', async () => {
  const handle = new Handle();
  let free: () => void = () => undefined;
  handle.write = () => new Promise((resolve) => (free = resolve));
  const target = new FileTarget(handle, { start: 0 });
  target.write('abc');
  const gone = target.letGo();
  expect(handle.asked).toEqual(['write 3']);
  free();
  await gone;
  expect(handle.asked).toEqual(['write 3', 'close']);
  expect(target.length).toBe(3);
});
