/** The configuration, with the stub engine: every section, what is wrong as it is typed, what is not saved yet. */
import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';

async function openConfiguration(role: 'hub' | 'site'): Promise<StubApp> {
  const app = await startStubApp({ role });
  await app.click('#nav-configuration');
  await app.find('#section-station');
  return app;
}

test.each<['hub' | 'site', readonly string[]]>([
  ['hub', ['station', 'tables', 'schedule', 'sites', 'network', 'mail', 'preferences']],
  ['site', ['station', 'pairing', 'tables', 'schedule', 'mail', 'preferences']],
])('every section of a %s is without fault in both themes', async (role, sections) => {
  const app = await openConfiguration(role);
  await app.driver.executeScript('nw.Window.get().resizeTo(1024, 700)');
  for (const section of sections) {
    await app.click(`#tab-${section}`);
    await app.find(`#section-${section} h2`);
    await look(app, `configuration-${role}-${section}`);
  }
});

test('what is wrong is told at its field as one types, and cannot be saved', async () => {
  const app = await openConfiguration('hub');
  await app.type('input[name=station-name]', '');
  await app.find('[data-path=name] .fault');
  expect(await app.exists('#save-settings[disabled]')).toBe(true);
  expect(await app.text('#save-state')).toBe('Un réglage à corriger');
  await look(app, 'configuration-fault');
  await app.type('input[name=station-name]', 'Siège');
  await app.wait('the fault gone', async () => !(await app.exists('[data-path=name] .fault')));
  await app.click('#save-settings');
  await app.called('saveSettings');
  await app.find('.notice.done');
});

test('how long things are kept is three numbers of days', async () => {
  const app = await openConfiguration('site');
  const days = ['changes', 'reports', 'conflicts'].map((term) => `[data-path="retention.${term}"] input`);
  await app.find(days[0] ?? '');
  await app.driver.executeScript('document.querySelector(arguments[0]).scrollIntoView()', days[0]);
  await look(app, 'configuration-retention');
  await app.type(days[2] ?? '', '2000');
  await app.click('#save-settings');
  await app.called('saveSettings');
  await app.find('.notice.done');
});

test('unsaved changes are asked about before the screen is left', async () => {
  const app = await openConfiguration('site');
  await app.type('input[name=station-name]', 'Autre nom');
  await app.click('#nav-progress');
  await app.find('#leave-stay');
  await look(app, 'configuration-leave');
  await app.click('#leave-stay');
  await app.find('#section-station');
  await app.click('#nav-progress');
  await app.click('#leave-discard');
  await app.find('#recent');
  expect(app.calls()).not.toContain('saveSettings');
});

test('a database of SQL Server is described field by field, and tried before it is saved', async () => {
  const app = await openConfiguration('site');
  await app.click('#db-kind-server');
  await app.type('input[name=db-server]', 'srv-sql');
  await app.type('input[name=db-name]', 'gym');
  await app.type('input[name=db-user]', 'sync');
  await app.type('input[name=db-password]', 'p@ss');
  await app.click('#test-database');
  await app.find('#database-found');
  await look(app, 'configuration-sql-server');
});

test('a new establishment gets its code, to copy or to scan', async () => {
  const app = await openConfiguration('hub');
  await app.click('#tab-sites');
  await app.type('#new-site', 'Nancy');
  await app.click('#add-site');
  await app.find('#pairing-code');
  expect(await app.text('#pairing-code')).toMatch(/^sync2\./);
  expect(await app.text('#code-once')).toMatch(/^Ce code sert une seule fois, avant le 01\/12\/2026/);
  await app.find('svg.qr');
  await look(app, 'configuration-code');
  await (await app.find('body')).sendKeys(Key.ESCAPE);
  expect(await app.text('[data-site="2"] .site-code.expired')).toMatch(/^Code expiré/);
  await app.type('[data-path="hub.pairingDays"] input', '2');
  await app.click('#save-settings');
  await app.called('saveSettings');
});

test('the line is held back at hours that one chooses', async () => {
  const app = await openConfiguration('site');
  await app.click('#tab-pairing');
  // The switch itself is hidden behind its picture.
  await app.driver.executeScript('document.querySelector("input[name=bandwidth]").click()');
  await app.type('[data-path="bandwidth.limit"] input', '500');
  await app.type('input[name=bandwidth-from]', '07:30');
  await look(app, 'configuration-bandwidth');
  await app.click('#save-settings');
  await app.called('saveSettings');
});
