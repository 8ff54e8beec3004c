/** The icon beside the clock, leaving the program, and what is told when nobody looks. */
import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  chooseInTray,
  focusWindow,
  pressKeys,
  processId,
  processRuns,
  readTray,
  windowIsVisible,
} from './support/desktop';
import { look, setLanguage } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';
import { ownDisplay } from './support/own-display';

const display = ownDisplay();

async function startSession(app: StubApp): Promise<void> {
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.find('#progress');
}

/** From now on, notifications of the desktop are written down instead of shown. */
async function catchNotifications(app: StubApp): Promise<void> {
  await app.driver.executeScript(`
    window.told = [];
    window.Notification = class { constructor(title, { body }) { window.told.push({ title, body, notice: this }); } };
  `);
}

async function told(app: StubApp): Promise<string[]> {
  return app.driver.executeScript<string[]>(
    'return window.told.map(({ title, body }) => title + "\\n" + body)',
  );
}

test('the tray shows the last result, the last and the next synchronisation, in both languages', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await app.wait('the tray', async () => (await readTray(app.driver)).icon.endsWith('tray-good.png'));
  const tray = await readTray(app.driver);
  expect(tray.items).toEqual(['Ouvrir', 'Synchroniser maintenant', 'Dernier rapport', 'Quitter']);
  expect(tray.tooltip).toMatch(
    /^Synchronisation\nTout est à jour depuis hier à 22:04\nDernière\s: 23\/11\/2026 22:00:00\nProchaine\s: mardi 24 novembre à 22:00$/,
  );
  await setLanguage(app, 'en');
  await app.wait('the English tray', async () => (await readTray(app.driver)).items[0] === 'Open');
  expect((await readTray(app.driver)).tooltip).toContain('Everything is up to date since yesterday at 22:04');
});

test('the menu starts a synchronisation, after the warning, and opens the last report', async () => {
  const app = await startStubApp({ role: 'site', hold: true });
  await app.find('#recent');
  await app.click('#close');
  await app.wait('no window', () => !windowIsVisible(display));
  await chooseInTray(app.driver, 'Synchroniser maintenant');
  await app.wait('the window', () => windowIsVisible(display));
  expect(await app.text('.el-dialog')).toContain('ATTENTION');
  await app.click('#dialog-confirm');
  await app.called('startSession');
  await app.wait('a busy tray', async () => (await readTray(app.driver)).icon.endsWith('tray-busy.png'));
  expect((await readTray(app.driver)).items).toContain('(Synchroniser maintenant)');
  await chooseInTray(app.driver, 'Dernier rapport');
  await app.wait('the report', async () =>
    (await app.text('#report-document')).includes('23/11/2026 22:00:00'),
  );
});

test('"Quitter" and Alt-F4 ask first while a synchronisation runs', async () => {
  const app = await startStubApp({ role: 'site', hold: true });
  await startSession(app);
  const pid = await processId(app.driver);
  await chooseInTray(app.driver, 'Quitter');
  await app.find('#dialog-confirm');
  expect(await app.text('.el-dialog')).toContain('quitter quand même');
  await look(app, 'quit');
  await app.click('#dialog-cancel');
  expect(processRuns(pid)).toBe(true);
  expect(app.calls()).not.toContain('shutdown');

  focusWindow(display);
  pressKeys(display, 'alt+F4');
  await app.click('#dialog-confirm');
  await app.wait('the end of the process', () => !processRuns(pid));
  expect(app.calls()).toContain('shutdown');
});

test('a synchronisation that fails is told on the desktop, and a click opens its report', async () => {
  const app = await startStubApp({ role: 'site', ends: 'failed' });
  await app.find('#recent');
  await catchNotifications(app);
  await startSession(app);
  await app.click('#close');
  await app.wait('the notification', async () => (await told(app)).length === 1);
  expect((await told(app))[0]).toMatch(
    /^La synchronisation a échoué\nLa dernière synchronisation a échoué à 22:04\n/,
  );
  expect((await readTray(app.driver)).icon).toMatch(/tray-bad\.png$/);
  await app.driver.executeScript('window.told[0].notice.onclick()');
  await app.wait('the window', () => windowIsVisible(display));
  await app.find('#report-document');
});

test('a synchronisation that goes well is not told', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await catchNotifications(app);
  await startSession(app);
  await app.wait('the end', async () => !(await app.exists('#progress')));
  expect(await told(app)).toEqual([]);
});

test('place and size are found again at the next start', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-place-'));
  const first = await startStubApp({ role: 'site' }, folder);
  await first.find('#recent');
  await first.driver.executeScript('nw.Window.get().resizeTo(1100, 720); nw.Window.get().moveTo(140, 90)');
  await first.wait('the size', () => first.driver.executeScript<boolean>('return outerWidth === 1100'));
  await first.wait('the place', () =>
    first.driver.executeScript<boolean>('return nw.Window.get().x >= 130 && nw.Window.get().y >= 80'),
  );
  await first.click('#close');
  await first.wait('no window', () => !windowIsVisible(display));
  const kept = JSON.parse(readFileSync(path.join(folder, 'window.json'), 'utf8')) as {
    place: { x: number; y: number; width: number };
  };
  await first.stop();

  const second = await startStubApp({ role: 'site' }, folder);
  await second.find('#recent');
  await second.wait('the window', () => windowIsVisible(display));
  const place = await second.driver.executeScript(
    'const { x, y, width } = nw.Window.get(); return { x, y, width }',
  );
  expect(place).toEqual({ x: kept.place.x, y: kept.place.y, width: 1100 });
});

test('the program can start beside the clock, without its window', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-hidden-'));
  const app = await startStubApp({ role: 'site', startHidden: true }, folder);
  await app.find('#recent');
  await app.stop();
  const again = await startStubApp({ role: 'site', startHidden: true }, folder);
  await again.find('#recent');
  expect(windowIsVisible(display)).toBe(false);
  await chooseInTray(again.driver, 'Ouvrir');
  await again.wait('the window', () => windowIsVisible(display));
});
