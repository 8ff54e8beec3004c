/** The pictures of the help, in assets/help/: the same data and the same instant at each run, light, in French. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pictures } from '../../build/help-pages.mjs';
import { setTheme } from '../e2e/support/look';
import { startStubApp, type StubApp } from '../e2e/support/stub-app';
import type { StubOptions } from '../e2e/support/stub-data';

const NOW = '2026-11-24T21:31:00.000Z';

async function open(options: StubOptions): Promise<StubApp> {
  const app = await startStubApp({ ...options, now: NOW });
  await app.find('#recent');
  await setTheme(app, 'light');
  await app.driver.executeScript('nw.Window.get().resizeTo(1100, 760)');
  await app.wait('the size', () => app.driver.executeScript<boolean>('return window.outerWidth === 1100'));
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
