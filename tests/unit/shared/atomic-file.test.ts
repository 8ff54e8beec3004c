import { link, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renameDurable, writeFileAtomic } from '../../../src/shared/atomic-file';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('replaces a file, and leaves nothing beside it', async () => {
  const file = join(folder, 'settings.json');
  await writeFileAtomic(file, 'old');
  await writeFileAtomic(file, new Uint8Array([110, 101, 119]));
  expect(await readFile(file, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['settings.json']);
});

test('puts a new file in the place of the old one, which never holds a part of the new', async () => {
  const file = join(folder, 'manifest.json');
  await writeFile(file, 'old');
  await link(file, join(folder, 'same'));
  await writeFileAtomic(file, 'new');
  expect(await readFile(file, 'utf8')).toBe('new');
  expect(await readFile(join(folder, 'same'), 'utf8')).toBe('old');
});

test.skipIf(process.platform === 'win32')(
  'gives the file its permissions, even over a laxer one',
  async () => {
    const file = join(folder, 'secret');
    await writeFile(file, 'old', { mode: 0o644 });
    await writeFileAtomic(file, 'new', { mode: 0o600 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  },
);

test('that fails keeps the old state, and leaves nothing beside it', async () => {
  // A folder cannot be replaced by a file.
  await writeFileAtomic(join(folder, 'a'), 'kept');
  await expect(writeFileAtomic(folder, 'x')).rejects.toMatchObject({
    code: expect.stringMatching(/^disk\./) as string,
  });
  await expect(writeFileAtomic(join(folder, 'absent', 'b'), 'x')).rejects.toMatchObject({
    code: 'disk.missing',
    params: { file: 'b', reason: 'ENOENT' },
  });
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('kept');
  expect(await readdir(folder)).toEqual(['a']);
  expect(
    (await readdir(tmpdir())).filter((name) => name.endsWith('.tmp') && name.includes('atomic-')),
  ).toEqual([]);
});

test('renames over an older file', async () => {
  await writeFile(join(folder, 'a.part'), 'new');
  await writeFile(join(folder, 'a'), 'old');
  await renameDurable(join(folder, 'a.part'), join(folder, 'a'));
  expect(await readdir(folder)).toEqual(['a']);
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
});
