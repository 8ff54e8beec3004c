import { spawnSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';
import { findRuntime, machineArguments } from '../../build/nw-runtime.mjs';
import {
  chooseInTray,
  clickCross,
  clickTray,
  focusWindow,
  pressKeys,
  processId,
  processRuns,
  windowIsVisible,
} from './support/desktop';
import { look } from './support/look';
import { startStubApp, writeStub, type StubApp } from './support/stub-app';
import { ownDisplay } from './support/own-display';

const display = ownDisplay();

async function waitVisible(app: StubApp, visible: boolean): Promise<void> {
  await app.wait(visible ? 'the window' : 'no window', () => windowIsVisible(display) === visible);
}

test('"Fermer" and the cross hide the window, the tray opens it again', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await waitVisible(app, true);
  await app.click('#close');
  await waitVisible(app, false);
  await clickTray(app.driver);
  await waitVisible(app, true);
  await clickCross(display, app.driver);
  await waitVisible(app, false);
  await chooseInTray(app.driver, 'Ouvrir');
  await waitVisible(app, true);
  expect(app.calls()).not.toContain('shutdown');
});

test('a second start shows the window of the first', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await app.click('#close');
  await waitVisible(app, false);
  const second = spawnSync(
    findRuntime().nw,
    [...machineArguments(), `--user-data-dir=${app.userFolder}`, inject('stubAppFolder')],
    { env: { ...process.env, DISPLAY: display }, timeout: 20_000 },
  );
  expect(second.signal).toBeNull();
  await waitVisible(app, true);
});

test('"Quitter" stops the engine, then ends the process', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  const pid = await processId(app.driver);
  await chooseInTray(app.driver, 'Quitter');
  await app.wait('the end of the process', () => !processRuns(pid));
  expect(app.calls()).toContain('shutdown');
});

test('Alt-F4 quits', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await waitVisible(app, true);
  const pid = await processId(app.driver);
  focusWindow(display);
  pressKeys(display, 'alt+F4');
  await app.wait('the end of the process', () => !processRuns(pid));
  expect(app.calls()).toContain('shutdown');
});

test('an engine that dies is told in words and can be restarted', async () => {
  const app = await startStubApp({ role: 'site', dieAt: 'resetTimers', hold: true });
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.find('#progress');
  await app.click('#reset');
  await app.find('#engine-stopped');
  await look(app, 'engine-stopped');
  await app.click('#restart-engine');
  await app.wait('the engine', async () => !(await app.exists('#engine-stopped')));
  await app.wait('an idle engine', async () => !(await app.exists('#progress')));
});

test('a refused call becomes a sentence', async () => {
  const app = await startStubApp({ role: 'site', refuse: { call: 'startSession', code: 'session.running' } });
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.find('.notice.error');
  expect(await app.text('.notice.error')).not.toMatch(/error\.|\bat \//);
  await look(app, 'refused');
});

test('settings that cannot be read are told, and read again on demand', async () => {
  const app = await startStubApp({ role: null, problem: 'unreadable' });
  await app.find('#problems');
  expect(await app.text('#data-folder')).toBe(app.dataFolder);
  expect(await app.text('main')).toContain('synchro init');
  await look(app, 'unconfigured');
  writeStub(app.dataFolder, { role: 'hub' });
  await app.click('#reload');
  await app.find('#site-count');
});
