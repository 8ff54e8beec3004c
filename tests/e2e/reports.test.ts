import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';

const SECOND = '20261122-210000-000';
const FAILED = '20261119-210000-000';

function selected(app: StubApp): Promise<string> {
  return app.driver.executeScript<string>(
    'return document.querySelector("#sessions .selected")?.dataset.id ?? ""',
  );
}

test('a double click on a session opens its report', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.doubleClick(`#recent [data-id="${SECOND}"]`);
  await app.find('#report-document');
  expect(await selected(app)).toBe(SECOND);
  expect(await app.text('#report-document')).toContain('22/11/2026 22:00:00');
  expect(await app.text('#report-document')).toContain('Adherents');
  await look(app, 'report');
  await app.click('#nav-progress');
  await app.find('#log');
});

test('Enter on a session opens its report; arrows walk through the list', async () => {
  const app = await startStubApp({ role: 'site' });
  const row = await app.find(`#recent [data-id="${SECOND}"]`);
  await row.sendKeys(Key.ENTER);
  await app.find('#report-document');
  const listed = await app.find(`#sessions [data-id="${SECOND}"]`);
  await listed.sendKeys(Key.ARROW_DOWN);
  await app.wait('the next report', async () => (await app.text('#report-document')).includes('21/11/2026'));
});

test('a failed session has a whole report too', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#report');
  await app.click(`#sessions [data-id="${FAILED}"]`);
  await app.find('#report-document .fault');
  await look(app, 'report-failed');
});

test('"Imprimer" prints the report and nothing else', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#report');
  await app.find('#report-document');
  // Chromium's preview would block the page: the frame's own print is replaced as soon as the frame is there.
  await app.driver.executeScript(`
    new MutationObserver(() => {
      const frame = document.querySelector('#printJS');
      frame?.addEventListener('load', () => {
        frame.contentWindow.print = () => { window.printed = frame.contentDocument.body.innerText; };
        frame.contentDocument.execCommand = frame.contentWindow.print;
      }, { capture: true });
    }).observe(document.body, { childList: true });
  `);
  await app.click('#print');
  await app.wait('the print', () => app.driver.executeScript<boolean>('return window.printed !== undefined'));
  const printed = await app.driver.executeScript<string>('return window.printed');
  expect(printed).toContain('Rapport de synchronisation');
  expect(printed).not.toContain('Imprimer');
});
