/** The choice of the columns that add up, with the stub engine. */
import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp } from './support/stub-app';

test('head office chooses the columns that add up, and takes them back', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#nav-configuration');
  await app.click('#tab-tables');
  await app.find('#add-additive');
  const lines = (): Promise<string[]> =>
    app.driver.executeScript<string[]>(
      `return [...document.querySelectorAll('#additive li > span')].map(({ textContent }) => textContent)`,
    );
  const choose = (column: string): Promise<unknown> =>
    app.driver.executeScript(
      `const list = document.querySelector('#add-additive');
      list.selectedIndex = [...list.options].findIndex(({ text }) => text === arguments[0]);
      list.dispatchEvent(new Event('change'));`,
      column,
    );
  await choose('quantite');
  await choose('reserve');
  await choose('montant');
  await app.wait('three lines', async () => (await lines()).length === 3);
  expect(await lines()).toEqual([
    'Articles\u00a0: quantite',
    'Articles\u00a0: reserve',
    'Reglements\u00a0: montant',
  ]);
  await app.driver.executeScript(`document.querySelector('#additive').scrollIntoView({ block: 'center' })`);
  await look(app, 'configuration-additive');
  await app.click('#additive li:nth-child(2) button');
  await app.wait('two lines', async () => (await lines()).length === 2);
  await app.click('#save-settings');
  await app.called('saveSettings');
  await app.find('.notice.done');
});

test('an establishment has no such choice', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#nav-configuration');
  await app.click('#tab-tables');
  await app.find('#tables');
  expect(await app.exists('#add-additive')).toBe(false);
});
