import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { recordCrash } from '../../../src/shared/crash-log';
import { logFiles } from '../../../src/shared/log-file';

test('a thread that ends again and again fills five files and no more, the newest lines in the newest file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'crash.log');
  for (let time = 0; time < 100; time += 1)
    recordCrash(file, '2026-11-24T22:00:00.000Z', `Error: ${String(time)}\n    at x`, 200);
  const names = logFiles(file).map((name) => basename(name));
  expect(readdirSync(folder).sort()).toEqual(names.sort());
  for (const name of logFiles(file)) expect(statSync(name).size).toBeLessThan(300);
  expect(readFileSync(file, 'utf8')).toMatch(/2026-11-24T22:00:00.000Z Error: 99\n {4}at x\n$/);
  expect(readFileSync(`${file}.1`, 'utf8')).toContain('Error: 9');
});
