import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFolder, lockDataFolder } from '../../../src/config/data-folder';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('one engine at a time holds a data folder', async () => {
  const lock = await lockDataFolder(folder);
  await expect(lockDataFolder(folder)).rejects.toMatchObject({ code: 'data.locked', retryable: true });
  lock.release();
  lock.release();
  (await lockDataFolder(folder)).release();
});

test('the folder is made, and an unusable one is told', async () => {
  (await lockDataFolder(join(folder, 'new', 'folder'))).release();
  await writeFile(join(folder, 'file'), '');
  await expect(lockDataFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'data.unusable' });
});

test('a process that is killed leaves no lock', async () => {
  const script = `
    const { DatabaseSync } = require('@photostructure/sqlite');
    const database = new DatabaseSync(${JSON.stringify(dataFolder(folder).lock)});
    database.exec('BEGIN EXCLUSIVE');
    console.log('held');
    setInterval(() => database.isOpen, 1000);`;
  const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  await expect(lockDataFolder(folder)).rejects.toMatchObject({ code: 'data.locked' });
  other.kill('SIGKILL');
  await once(other, 'exit');
  (await lockDataFolder(folder)).release();
});
