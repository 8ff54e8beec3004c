import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFolder } from '../../../src/config/data-folder';
import { removeLeftovers } from '../../../src/config/leftovers';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leftovers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 10, 26);

function write(file: string, minutesAgo: number): string {
  writeFileSync(file, 'half');
  const at = new Date(NOW - minutesAgo * 60_000);
  utimesSync(file, at, at);
  return file;
}

test('what a power cut left of files being replaced goes, once it is surely nobody’s', async () => {
  const paths = dataFolder(folder);
  mkdirSync(paths.reports);
  const gone = [
    write(`${paths.settings}.0123456789ab.tmp`, 60),
    write(join(paths.reports, '20261124-210000-123.json.0123456789ab.tmp'), 60),
  ];
  const kept = [
    write(paths.settings, 60),
    write(`${paths.settings}.ba9876543210.tmp`, 1),
    write(join(folder, 'of-somebody.tmp'), 60),
  ];
  await removeLeftovers(paths, NOW);
  expect(gone.filter(existsSync)).toEqual([]);
  expect(kept.filter(existsSync)).toEqual(kept);
});
