/** What is around every screen: the navigation, the theme, the language, the size of the window. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { focusWindow, pressKeys } from './support/desktop';
import { look, overflows, setLanguage, setTheme } from './support/look';
import { startStubApp } from './support/stub-app';
import { ownDisplay } from './support/own-display';

const NAMES = ['progress', 'reports', 'conflicts', 'compare', 'blocked', 'configuration', 'test'];

test('every screen is reached from the navigation, has a heading, and no fault in either theme', async () => {
  const app = await startStubApp({ role: 'site' });
  for (const name of NAMES) {
    await app.click(`#nav-${name}`);
    await app.wait(`the screen ${name}`, () => app.exists(`#nav-${name}[aria-current=page]`));
    await app.find('main h1');
    await look(app, `shell-${name}`);
  }
});

test('the navigation is walked through with the keyboard', async () => {
  const app = await startStubApp({ role: 'hub' });
  const first = await app.find('#nav-progress');
  await first.sendKeys(Key.ARROW_DOWN);
  const focused = app.driver.switchTo().activeElement();
  expect(await focused.getAttribute('id')).toBe('nav-reports');
  await focused.sendKeys(Key.ENTER);
  await app.find('#sessions');
});

test('a dialog keeps the keyboard to itself, Escape closes it, and the focus goes back', async () => {
  const app = await startStubApp({ role: 'site' });
  const button = await app.find('#info');
  await button.sendKeys(Key.ENTER);
  await app.find('.el-dialog');
  for (let presses = 0; presses < 6; presses++) {
    await app.driver.actions().sendKeys(Key.TAB).perform();
    const inside = await app.driver.executeScript(
      'return document.activeElement.closest(".el-dialog") !== null',
    );
    expect(inside).toBe(true);
  }
  await app.driver.actions().sendKeys(Key.ESCAPE).perform();
  await app.wait('no dialog', async () => !(await app.exists('.el-dialog')));
  expect(await app.driver.switchTo().activeElement().getAttribute('id')).toBe('info');
});

test('the language changes at once, everywhere, and is kept', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await setLanguage(app, 'en');
  expect(await app.text('#title')).toBe('Synchronisation: Branch');
  expect(await app.text('#next-departure')).toMatch(/Tuesday,? 24 November at 22:00/);
  await app.click('#info');
  expect(await app.driver.executeScript('return document.querySelector(".el-dialog button").ariaLabel')).toBe(
    'Close this dialog',
  );
  await app.click('#dialog-ok');
  await look(app, 'english-site');
  await app.driver.navigate().refresh();
  await app.find('#recent');
  expect(await app.text('#nav-blocked')).toBe('Blocked IP addresses');
});

test('the theme is kept, and the system’s own is followed when asked', async () => {
  const app = await startStubApp({ role: 'site' });
  await setTheme(app, 'dark');
  const kept: unknown = JSON.parse(readFileSync(path.join(app.dataFolder, 'window.json'), 'utf8'));
  expect(kept).toMatchObject({ theme: 'dark' });
  await app.driver.navigate().refresh();
  await app.find('html.dark #recent');
  await app.driver.executeScript('document.getElementById("theme-system").click()');
  await app.wait('the light theme', async () => !(await app.exists('html.dark')));
});

test('1024 × 700 holds every screen', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.find('#recent');
  await app.driver.executeScript('nw.Window.get().resizeTo(1024, 700)');
  await app.wait('the size', () => app.driver.executeScript<boolean>('return window.outerWidth === 1024'));
  for (const name of NAMES) {
    await app.click(`#nav-${name}`);
    await app.find('main h1');
    await app.screenshot(`small-hub-${name}`);
    expect(await overflows(app), name).toEqual([]);
  }
});

test('F11 fills the screen, and F11 gives the window back', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  const kiosk = (): Promise<boolean> =>
    app.driver.executeScript<boolean>('return nw.Window.get().isKioskMode');
  focusWindow(ownDisplay());
  pressKeys(ownDisplay(), 'F11');
  await app.wait('the kiosk', kiosk);
  await app.wait('the whole screen', () =>
    app.driver.executeScript<boolean>('return innerHeight === screen.height'),
  );
  await app.screenshot('kiosk');
  pressKeys(ownDisplay(), 'F11');
  await app.wait('the window', async () => !(await kiosk()));
});
