import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFolder } from '../../../src/config/data-folder';
import { ProgressLog } from '../../../src/engine/progress-log';
import { tidyFolder } from '../../../src/engine/tidy-folder';
import { ReportStore } from '../../../src/report/report-store';
import { begun, START } from '../report/samples';

const DAY = 24 * 3_600_000;
const DIGEST = '0123456789abcdef';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidy-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(name: string, daysOld: number): Promise<void> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'x');
  const at = (START - daysOld * DAY) / 1000;
  await utimes(file, at, at);
}

async function tidy(reportDays = 400): Promise<string[]> {
  const paths = dataFolder(folder);
  await tidyFolder(paths, new ReportStore(paths.reports), { now: START, reportDays });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

test('what was left unfinished goes after a week, and nothing else', async () => {
  const abandoned = [
    'settings.json.0123456789ab.tmp',
    'outbox/000004.batch.tmp',
    `sites/1/batches/000004-${DIGEST}.part`,
    `sites/1/acks/000004-${DIGEST}.part`,
    'rounds/000002/origin-001.segment.tmp',
    'rounds/000002/manifest.json.0123456789ab.tmp',
    'reports/20260101-220000-000.json.0123456789ab.tmp',
    'mail-queue/a.json.0123456789ab.tmp',
  ];
  for (const name of abandoned) await put(name, 8);
  await put(`sites/1/batches/000005-${DIGEST}.part`, 6);
  const others = ['settings.json', 'mine.tmp', 'outbox/000003.batch', 'sites/1/batches/000003.batch'];
  for (const name of [...others, 'rounds/000001/origin-001.segment', 'rounds/000001/manifest.json'])
    await put(name, 900);
  expect(await tidy()).toEqual([
    '000003.batch',
    '000003.batch',
    `000005-${DIGEST}.part`,
    'manifest.json',
    'mine.tmp',
    'origin-001.segment',
    'settings.json',
  ]);
});

test('a folder with nothing in it is left alone', async () => {
  expect(await tidy()).toEqual([]);
});

test('old reports go, but for the last fifty', async () => {
  const store = new ReportStore(join(folder, 'reports'));
  const saved = Array.from({ length: 60 }, (_, night) => begun(-night * 24 * 60));
  for (const report of saved) await store.save(report);
  expect((await store.list(99)).length).toBe(60);
  expect(await tidy(55)).toHaveLength(56);
  expect(await tidy(7)).toHaveLength(50);
  const kept = new ReportStore(join(folder, 'reports'));
  expect((await kept.list(99)).map(({ id }) => id)).toEqual(saved.slice(0, 50).map(({ id }) => id));
});

test('the progress log of a program that runs for years does not grow with them', async () => {
  const file = join(folder, 'progress.log');
  const log = new ProgressLog(file);
  await log.load();
  const params = { file: 'x'.repeat(2000) };
  for (let line = 0; line < 1500; line += 1)
    log.add({ level: 'info', key: `k${String(line)}`, params, at: '2026-11-24T21:00:00.000Z' });
  await log.flushed();
  const again = new ProgressLog(file);
  await again.load();
  expect(again.lines.map(({ key }) => key)).toEqual(log.lines.map(({ key }) => key));
  expect(log.lines).toHaveLength(500);
  const { size } = await stat(file);
  expect(size).toBeLessThan(2_200_000);
});
