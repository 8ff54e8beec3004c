/** '?' and 'I': the manual inside the window, and what a support asks for. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { saveAs } from './support/files';
import { look, setLanguage } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';

const SCREENS = {
  progress: 'Suivi',
  reports: 'Rapports',
  conflicts: 'Conflits',
  blocked: 'Adresses IP bloquées',
  configuration: 'Configuration',
  test: 'Test',
};

async function openHelp(app: StubApp): Promise<void> {
  await app.find('#recent');
  await app.click('#help');
  await app.find('#help-article h2');
}

function scrolled(app: StubApp): Promise<number> {
  return app.driver.executeScript<number>('return document.getElementById("help-article").scrollTop');
}

async function hasFocus(app: StubApp, css: string): Promise<boolean> {
  return app.driver.executeScript<boolean>('return document.activeElement?.matches(arguments[0])', css);
}

test('"?" opens the help at the page of the screen', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.find('#recent');
  for (const [name, title] of Object.entries(SCREENS)) {
    await app.click(`#nav-${name}`);
    await app.click('#help');
    await app.find(`#help-article[data-page="${name}"]`);
    expect(await app.text('#help-article h2')).toBe(title);
    expect(await app.text('#help-contents [aria-current]')).toBe(title);
    await app.click('#help-close');
    await app.wait('the screen again', async () => !(await app.exists('#help-article')));
  }
});

test('the help has no fault in either theme, and its pictures are there', async () => {
  const app = await startStubApp({ role: 'hub' });
  await openHelp(app);
  await app.wait('the pictures', () =>
    app.driver.executeScript<boolean>(
      'return [...document.querySelectorAll("#help-article img")].every((image) => image.naturalWidth > 0)',
    ),
  );
  await look(app, 'help');
  await app.click('[data-open=glossary]');
  await look(app, 'help-glossary');
});

test('a computer without settings is first told what is needed', async () => {
  const app = await startStubApp({ role: null });
  await app.find('#first-start');
  await app.click('#help');
  await app.find('#help-article[data-page=before]');
});

test('a link leads to another page, and to its very place', async () => {
  const app = await startStubApp({ role: 'site' });
  await openHelp(app);
  await app.click('#help-article a[data-page=blocked]');
  await app.find('#help-article[data-page=blocked]');
  await app.click('[data-open=what-if]');
  await app.click('#help-article a[data-anchor=pare-feu-et-box-du-siege]');
  await app.find('#help-article[data-page=before]');
  await app.wait('the place', async () => (await scrolled(app)) > 0);
  expect(await app.driver.getAllWindowHandles()).toHaveLength(1);
});

test('words are found in every page, whatever their accents, and lead to their place', async () => {
  const app = await startStubApp({ role: 'site' });
  await openHelp(app);
  const field = await app.find('#help-search');
  await field.sendKeys('PARE-FEU siege');
  await app.find('#help-results li');
  expect(await app.text('#help-results li:first-child')).toContain('Pare-feu et box du siège');
  await look(app, 'help-search');
  await field.sendKeys(Key.TAB, Key.TAB);
  await app.click('#help-results li:first-child button');
  await app.find('#help-article[data-page=before]');
  await app.wait('the place', async () => (await scrolled(app)) > 0);
  await field.clear();
  await field.sendKeys('xylophone');
  await app.wait('the answer', async () => (await app.text('.results')) === 'Rien n’a été trouvé');
});

test('F1 opens the help, the keyboard walks through it, Escape closes it', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await app.driver.actions().sendKeys(Key.F1).perform();
  await app.find('#help-article h2');
  const field = await app.find('#help-search');
  await field.sendKeys(Key.TAB);
  const press = (...keys: string[]): Promise<void> =>
    app.driver
      .actions()
      .sendKeys(...keys)
      .perform();
  // The contents scroll by themselves, so they are a stop of their own in some versions of Chromium.
  if (!(await hasFocus(app, '[data-open]'))) await press(Key.TAB);
  expect(await hasFocus(app, '[data-open=before]')).toBe(true);
  await press(Key.TAB, Key.ENTER);
  await app.find('#help-article[data-page=first-steps-hub]');
  await press(Key.ESCAPE);
  await app.wait('the screen again', async () => !(await app.exists('#help-article')));
});

test('a page of the help is printed, with its pictures', async () => {
  const app = await startStubApp({ role: 'site' });
  await openHelp(app);
  // Chromium's preview would block the page: the frame's own print is replaced as soon as the frame is there.
  await app.driver.executeScript(`
    new MutationObserver(() => {
      const frame = document.querySelector('#printJS');
      frame?.addEventListener('load', () => {
        frame.contentWindow.print = () => {
          const { body } = frame.contentDocument;
          window.printed = { text: body.innerText, pictures: [...body.querySelectorAll('img')].map((image) => image.naturalWidth) };
        };
      }, { capture: true });
    }).observe(document.body, { childList: true });
  `);
  await app.click('#help-print');
  await app.wait('the print', () => app.driver.executeScript<boolean>('return window.printed !== undefined'));
  const printed = await app.driver.executeScript<{ text: string; pictures: number[] }>(
    'return window.printed',
  );
  expect(printed.text).toContain('Temps maximum de réception');
  expect(printed.text).not.toContain('Chercher');
  expect(printed.pictures.length).toBeGreaterThan(0);
  expect(printed.pictures.every((width) => width > 0)).toBe(true);
});

test('the help follows the language', async () => {
  const app = await startStubApp({ role: 'site' });
  await openHelp(app);
  await setLanguage(app, 'en');
  await app.wait('the English page', async () => (await app.text('#help-article h2')) === 'Progress');
  await look(app, 'help-english');
});

test('"I" shows versions, places and licences, and copies all that a support asks for', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  await app.click('#info');
  await app.find('#licences');
  expect(await app.text('#versions')).toMatch(/NW\.js\s+0\.\d+\.\d+/);
  expect(await app.text('#versions')).toContain('linux 6.1.0 x64');
  expect(await app.text('#paths')).toContain(app.dataFolder);
  expect(await app.text('#licences')).toMatch(/element-plus\s+1\.2\.3\s+MIT/);
  expect(await app.text('#paths')).toContain('synchronisation.log');
  await look(app, 'information');
  await app.click('#copy-information');
  await app.wait('the notice', async () => (await app.text('.notice')).includes('Informations copiées'));
  const copied = await app.driver.executeScript<string>('return nw.Clipboard.get().get("text")');
  expect(JSON.parse(copied)).toMatchObject({
    application: '0.1.0',
    host: { nw: expect.any(String) as string },
  });
  await app.click('.notice button');
  const file = path.join(app.dataFolder, 'support.zip');
  expect(await saveAs(app, '#save-support', file)).toBe('Synchronisation assistance.zip');
  await app.wait('the notice', async () => (await app.text('.notice')).includes('Archive enregistrée'));
  expect(readFileSync(file, 'utf8')).toMatch(/"nw":"0\./);
  await app.click('.notice button');
  await app.click('#dialog-ok');
  await app.wait('the screen again', async () => !(await app.exists('.el-dialog')));
});

test('with a stopped engine, "I" still copies what the window knows', async () => {
  const app = await startStubApp({ role: 'site', dieAt: 'information' });
  await app.find('#recent');
  await app.click('#info');
  await app.find('#engine-stopped');
  await app.click('#copy-information');
  const copied = await app.driver.executeScript<string>('return nw.Clipboard.get().get("text")');
  expect(copied).toContain(app.dataFolder);
});
