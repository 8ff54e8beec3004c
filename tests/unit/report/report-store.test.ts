import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/report/report';
import { ReportStore } from '../../../src/report/report-store';
import { begun, failed } from './samples';

let folder: string;
let store: ReportStore;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'reports-')), 'reports');
  store = new ReportStore(folder);
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

function ended(minutes: number): Report {
  return { ...begun(minutes), state: 'ok', endedAt: '2026-11-24T23:00:00.000Z' };
}

test('a new report has every step pending, and an id that sorts by time', () => {
  const report = begun();
  expect(report.id).toBe('20261124-210000-123');
  expect(report.steps.map(({ name }) => name)).toEqual(
    'check capture write send wait receive apply acknowledge'.split(' '),
  );
  expect(report.steps.every(({ state }) => state === 'pending')).toBe(true);
});

describe('the store of reports', () => {
  test('gives back what was saved', async () => {
    await store.save(failed());
    expect(await store.read(failed().id)).toEqual(failed());
  });

  test('keeps the last of many saves, each as the report was then', async () => {
    const report = begun();
    const saves = [store.save(report)];
    report.state = 'ok';
    saves.push(store.save(report));
    report.state = 'failed';
    await Promise.all(saves);
    expect((await store.read(report.id)).state).toBe('ok');
    expect(await readdir(folder)).toEqual([`${report.id}.json`]);
  });

  test('lists the newest first, as many as asked', async () => {
    expect(await store.list(10)).toEqual([]);
    for (const minutes of [2, 0, 1]) await store.save(ended(minutes));
    expect((await store.list(2)).map(({ id }) => id)).toEqual([ended(2).id, ended(1).id]);
    expect((await store.list(9))[2]).toMatchObject({
      id: ended(0).id,
      startedAt: ended(0).startedAt,
      endedAt: '2026-11-24T23:00:00.000Z',
      state: 'ok',
      trigger: 'schedule',
    });
  });

  test('lists a report as it is now, not as it was', async () => {
    await store.save(begun());
    expect((await store.list(1))[0]?.state).toBe('running');
    await store.save(ended(0));
    expect((await store.list(1))[0]?.state).toBe('ok');
    await store.save({ ...ended(0), state: 'warnings' });
    expect((await store.list(1))[0]?.state).toBe('warnings');
  });

  test('reads only as many files as it lists', async () => {
    for (const minutes of [1, 2]) await store.save(ended(minutes));
    await writeFile(join(folder, `${ended(0).id}.json`), 'damaged');
    expect(await store.list(2)).toHaveLength(2);
    expect(await store.list(3)).toHaveLength(2);
  });

  test('a report that the disk does not give hides no other', async () => {
    await store.save(ended(1));
    await mkdir(join(folder, `${ended(2).id}.json`));
    expect((await store.list(2)).map(({ id }) => id)).toEqual([ended(1).id]);
    expect(await store.closeInterrupted()).toEqual([]);
  });

  test('makes failures of sessions that ended with their process', async () => {
    await store.save(ended(0));
    const running = begun(1);
    const [check, capture] = running.steps;
    if (check === undefined || capture === undefined) return expect.unreachable();
    Object.assign(check, { state: 'done', startedAt: running.startedAt, endedAt: running.startedAt });
    Object.assign(capture, { state: 'warning', startedAt: running.startedAt });
    await store.save(running);
    const restarted = new ReportStore(folder);
    await restarted.closeInterrupted();
    const report = await restarted.read(running.id);
    expect(report).toMatchObject({ state: 'failed', error: { code: 'session.interrupted', params: {} } });
    expect(report.steps.map(({ state }) => state).slice(0, 3)).toEqual(['done', 'failed', 'pending']);
    expect((await restarted.list(2)).map(({ state }) => state)).toEqual(['failed', 'ok']);
  });

  test('makes failures of them also where the clock was set back since', async () => {
    for (const report of [ended(2), begun(1), ended(0)]) await store.save(report);
    const closed = await new ReportStore(folder).closeInterrupted();
    expect(closed.map(({ id }) => id)).toEqual([begun(1).id]);
  });

  test('tells what is missing or damaged, and never reads elsewhere', async () => {
    await store.save(begun());
    await writeFile(join(folder, '..', 'secret.json'), '{}');
    for (const id of ['20261124-210000-999', '../secret', '', `${begun().id}/../../secret`])
      await expect(store.read(id)).rejects.toMatchObject({ code: 'report.missing', params: { id } });
    await writeFile(join(folder, `${begun().id}.json`), '{"id": 3}');
    await expect(store.read(begun().id)).rejects.toMatchObject({ code: 'report.damaged' });
  });
});
