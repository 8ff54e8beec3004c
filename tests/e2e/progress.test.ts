/** What the home screen shows beyond the manual's own words: verdict, establishments, filter, copy. */
import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp } from './support/stub-app';

test('the verdict comes first, in colour, with a picture and in words', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.find('#sites');
  expect(await app.text('main h1')).toBe('Tout est à jour depuis hier à 22:04');
  expect(await app.exists('.verdict.good svg')).toBe(true);
  const first = await app.driver.executeScript<string>(
    'return document.querySelector(".screen > *").className',
  );
  expect(first).toContain('verdict');
});

test('each establishment has its card: state, last success, last results that open their report', async () => {
  const app = await startStubApp({ role: 'hub' });
  const card = '#sites [data-site="2"]';
  await app.find(card);
  expect(await app.text(card)).toMatch(/^Lyon\s+Absent\s+Dernier succès\s: 20\/11\/2026 22:04:00/);
  expect(await app.text('#sites [data-site="3"]')).toContain('Retiré');
  const result = await app.find(`${card} [data-id="20261121-210000-000"]`);
  expect(await result.getAttribute('aria-label')).toMatch(/^21\/11\/2026 22:00:00\s: Absent$/);
  await result.click();
  await app.wait('its report', async () =>
    (await app.text('#report-document')).includes('21/11/2026 22:00:00'),
  );
});

test('a strip of results is one stop of Tab, and the arrows walk along it', async () => {
  const app = await startStubApp({ role: 'hub' });
  const last = await app.find('#sites [data-site="1"] button[tabindex="0"]');
  await last.sendKeys(Key.ARROW_LEFT);
  const focused = app.driver.switchTo().activeElement();
  expect(await focused.getAttribute('data-id')).toBe('20261122-210000-000');
  await focused.sendKeys(Key.ENTER);
  await app.find('#report-document');
});

test('a reception is followed establishment by establishment', async () => {
  const app = await startStubApp({ role: 'hub', hold: true });
  await app.click('#manual');
  await app.click('#dialog-confirm');
  const lyon = '#sites [data-site="2"]';
  await app.wait('the reception', async () => (await app.text(lyon)).includes('En réception'));
  expect(await app.text(lyon)).toMatch(/000042\.batch, 1,8\sMo, 96\sko\/s/);
  expect(await app.text('#sites [data-site="1"]')).toContain('Reçu');
});

test('the log shows the level that is asked for, and is copied with its dates', async () => {
  const app = await startStubApp({ role: 'site', hold: true });
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.find('#log .warning');
  await app.click('[data-filter="warning"]');
  await app.wait('warnings alone', async () => !(await app.exists('#log .line.info')));
  await look(app, 'log-warnings');
  await app.click('#copy-log');
  await app.find('.notice.done');
  const copied = await app.driver.executeScript<string>('return nw.Clipboard.get().get("text")');
  expect(copied).toMatch(
    /^\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}:\d{2}\tAvertissement\tNouvelle tentative après une difficulté passagère$/,
  );
  await app.click('[data-filter="error"]');
  await app.wait('no line', async () => !(await app.exists('#log .line')));
});

test('"Arrêter" says what will happen, asks once, and says that it is being done', async () => {
  const app = await startStubApp({ role: 'hub', hold: true, slowStop: true });
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.wait('the reception', () => app.exists('.trail li:nth-child(3).running'));
  await app.click('#stop');
  expect(await app.text('#stop-effect')).toBe(
    'Ce qui est déjà reçu est conservé et sera fusionné à la prochaine synchronisation.',
  );
  await look(app, 'hub-stop');
  await app.click('#dialog-confirm');
  await app.wait('the stop under way', async () => (await app.text('#stop')) === 'Arrêt en cours…');
  expect(await app.text('#verdict')).toContain('Arrêt en cours');
  expect(app.calls().filter((call) => call === 'stopSession')).toHaveLength(1);
});
