import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile, logFiles } from '../../../src/shared/log-file';

const AT = '2026-11-24T22:00:00.000Z';
const LIMIT = 200;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
  file = join(folder, 'logs', 'x.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a line tells when, how grave, its code and what, on one line', async () => {
  const log = new LogFile(file);
  log.write(AT, 'info', 'session.started', 'Synchronisation started');
  log.write(AT, 'error', 'error.unexpected', 'Error: x\n    at y\n    at z');
  await log.flushed();
  expect(await readFile(file, 'utf8')).toBe(
    `${AT} INFO    session.started  Synchronisation started\n` +
      `${AT} ERROR   error.unexpected  Error: x | at y | at z\n`,
  );
});

test('years of lines fill five files and no more, the newest lines in the newest file, over several starts', async () => {
  for (let start = 0; start < 10; start += 1) {
    const log = new LogFile(file, LIMIT);
    for (let line = 0; line < 20; line += 1) log.write(AT, 'info', 'x', `${String(start)}-${String(line)}`);
    await log.flushed();
  }
  const names = logFiles(file).map((name) => basename(name));
  expect((await readdir(join(folder, 'logs'))).sort()).toEqual(names.sort());
  const sizes = await Promise.all(logFiles(file).map(async (name) => (await stat(name)).size));
  expect(sizes.every((size) => size <= LIMIT + 50)).toBe(true);
  const lines = (
    await Promise.all(
      logFiles(file)
        .reverse()
        .map((name) => readFile(name, 'utf8')),
    )
  ).join('');
  const told = [...lines.matchAll(/ (\d+)-(\d+)\n/g)].map(
    ([, start, line]) => Number(start) * 20 + Number(line),
  );
  expect(told).toEqual(told.map((_, at) => 200 - told.length + at));
});

test('a file that cannot be moved away grows to twice its size, and is begun anew', async () => {
  const log = new LogFile(file, LIMIT);
  log.write(AT, 'info', 'x', 'first');
  await log.flushed();
  // A folder that is not empty stands in the way of the oldest.
  await mkdir(join(folder, 'logs', 'x.log.1', 'full'), { recursive: true });
  await mkdir(join(folder, 'logs', 'x.log.2', 'full'), { recursive: true });
  for (let line = 0; line < 60; line += 1) log.write(AT, 'info', 'x', `line ${String(line)}`);
  await log.flushed();
  expect((await stat(file)).size).toBeLessThanOrEqual(2 * LIMIT + 50);
  expect(await readFile(file, 'utf8')).toContain('line 59');
});

test('a log that cannot be written stops nobody', async () => {
  await writeFile(join(folder, 'logs'), 'a file where the folder should be');
  const log = new LogFile(file);
  log.write(AT, 'info', 'x', 'lost');
  await log.flushed();
  const handle = await open(join(folder, 'logs'));
  expect(await handle.readFile('utf8')).toBe('a file where the folder should be');
  await handle.close();
});
