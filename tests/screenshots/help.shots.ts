/** The pictures of the help, in assets/help/: the same data and the same instant at each run, light, in French. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pictures } from '../../build/help-pages.mjs';
import { resize, setTheme } from '../e2e/support/look';
import { startStubApp, type StubApp } from '../e2e/support/stub-app';
import type { StubOptions } from '../e2e/support/stub-data';

const NOW = '2026-11-24T21:31:00.000Z';

async function open(options: StubOptions): Promise<StubApp> {
  const app = await startStubApp({ ...options, now: NOW });
  await app.find('#recent');
  await setTheme(app, 'light');
  await resize(app, 1100, 760);
  return app;
}

async function take(app: StubApp, name: string): Promise<void> {
  // What has the focus or the mouse over it would look chosen.
  await app.driver.executeScript('document.activeElement.blur()');
  await app.driver.executeScript('return document.fonts.ready.then(() => undefined)');
  const picture = Buffer.from(await app.driver.takeScreenshot(), 'base64');
  writeFileSync(path.join(pictures, `${name}.png`), picture);
  expect(picture.length).toBeLessThan(200_000);
}

test('progress-hub', async () => {
  await take(await open({ role: 'hub' }), 'progress-hub');
});

test('progress-running', async () => {
  const app = await open({ role: 'site', hold: true });
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.find('.trail li:nth-child(4).running');
  await app.wait('no dialog', async () => !(await app.exists('.el-dialog')));
  await take(app, 'progress-running');
});

test('reports', async () => {
  const app = await open({ role: 'site' });
  await app.click('#nav-reports');
  await app.find('#report-document');
  await take(app, 'reports');
});

test('test', async () => {
  const app = await open({ role: 'site', testFails: true });
  await app.click('#nav-test');
  await app.find('#test-verdict');
  await take(app, 'test');
});

test('conflicts', async () => {
  const app = await open({ role: 'hub' });
  await app.click('#nav-conflicts');
  await app.find('#conflict');
  // Wide enough for the list beside the rows.
  await resize(app, 1240, 760);
  await take(app, 'conflicts');
});

test('blocked', async () => {
  const app = await open({ role: 'hub' });
  await app.click('#nav-blocked');
  await app.find('#blocked-addresses');
  await app.find('#save-rules');
  await take(app, 'blocked');
});

test('configuration', async () => {
  const app = await open({ role: 'hub' });
  await app.click('#nav-configuration');
  await app.click('#tab-tables');
  await app.find('#tables');
  await take(app, 'configuration');
});
