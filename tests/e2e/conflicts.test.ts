import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { catchPrints, printed } from './support/files';
import { look, resize } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';

async function openConflicts(role: 'hub' | 'site' = 'hub'): Promise<StubApp> {
  const app = await startStubApp({ role });
  await app.click('#nav-conflicts');
  await app.find('#conflict');
  return app;
}

test('both rows stand side by side, and what differs is marked by a sign and in words', async () => {
  const app = await openConflicts();
  const document = await app.text('#conflict');
  expect(document).toContain('Adherents, id 182');
  expect(document).toContain('La modification la plus récente l’emporte');
  expect(await app.text('.compared thead')).toMatch(
    /Lyon\s+23\/11\/2026 18:45:03.*Strasbourg \(siège\)\s+23\/11\/2026 17:12:40/s,
  );
  const differing = await app.driver.executeScript<string[]>(
    'return [...document.querySelectorAll("#conflict tr.differs")].map((row) => row.innerText)',
  );
  expect(differing).toHaveLength(2);
  expect(differing[0]).toMatch(/≠\s+telephone\s+\(valeur différente\)\s+06 12 34 56 78\s+06 98 76 54 32/);
  expect(differing[1]).toMatch(/données binaires, 48,2\s*ko\)\s+\(vide\)/);
  await look(app, 'conflicts');
  await resize(app, 1024, 700);
  await look(app, 'conflicts-small');
  await resize(app, 1380, 860);
  await look(app, 'conflicts-wide');
});

test('the list is searched by words, table, kind and period, and walked through with the arrows', async () => {
  const app = await openConflicts('site');
  const found = (text: string): Promise<void> =>
    app.wait(text, async () => (await app.text('.count')) === text);
  await found('3 conflits');
  await (await app.find('#conflicts [data-id="3"]')).sendKeys(Key.ARROW_DOWN);
  await app.wait('the next one', async () => (await app.text('#conflict')).includes('Adherents, id 97'));
  expect(await app.text('#conflict')).toContain('ligne supprimée');
  await look(app, 'conflict-deleted');
  await app.click('#kind option[value=refused]');
  await found('1 conflit');
  expect(await app.text('#conflict')).toContain('elle se rapporte à une ligne qui n’existe pas');
  await app.click('#kind option:first-child');
  await app.click('#table option[value=Adherents]');
  await found('2 conflits');
  const search = await app.find('#search');
  await search.sendKeys('müller');
  await found('1 conflit');
  await search.sendKeys('?');
  await app.wait('none', async () => (await app.text('.none')).includes('Aucun conflit'));
  await look(app, 'conflicts-none');
});

test('"Rétablir cette valeur" asks once, says that it travels, and is shown as done', async () => {
  const app = await openConflicts();
  await app.click('#restore');
  await app.find('#dialog-confirm');
  expect(await app.text('.el-dialog')).toMatch(/valeurs de Strasbourg.*prochaine synchronisation/s);
  await look(app, 'conflict-ask');
  await app.click('#dialog-cancel');
  await app.wait('no dialog', async () => !(await app.exists('#dialog-confirm')));
  expect(app.calls()).not.toContain('restoreConflict');
  await app.click('#restore');
  await app.click('#dialog-confirm');
  await app.find('#conflict .restored');
  expect(await app.text('#conflict .restored')).toBe(
    'La valeur écartée a été rétablie le 24/11/2026 10:30:00 par accueil. Elle part avec la synchronisation qui suit.',
  );
  expect(await app.text('#conflicts [data-id="3"]')).toContain('rétablie');
  expect(app.calls().filter((call) => call === 'restoreConflict')).toHaveLength(1);
  await look(app, 'conflict-restored');
});

test('a value that cannot be put back is told in words', async () => {
  const app = await startStubApp({
    role: 'hub',
    refuse: { call: 'restoreConflict', code: 'conflict.missing' },
  });
  await app.click('#nav-conflicts');
  await app.click('#restore');
  await app.click('#dialog-confirm');
  await app.find('.notice.error');
  expect(await app.text('.notice.error')).toBe('Ce conflit n’est plus dans le journal.');
});

test('a refused row says that it waits; "Réessayer" tries it again, and says what came of it', async () => {
  const app = await openConflicts();
  expect(await app.text('.waiting')).toBe('1 ligne refusée en attente');
  expect(await app.text('#conflicts [data-id="1"]')).toContain('en attente');
  await app.click('#conflicts [data-id="1"]');
  await app.wait('its state', async () => (await app.text('#conflict')).includes('elle sera réessayée'));
  await look(app, 'conflict-waiting');
  await app.click('#retry');
  await app.find('.notice.done');
  expect(await app.text('.notice.done')).toBe(
    'Lignes refusées réessayées. Passées\u00a0: 1. Encore en attente\u00a0: 0.',
  );
  expect(await app.text('#conflict .state')).toBe('Passée le 24/11/2026 10:30:00');
  expect(await app.text('#conflicts [data-id="1"]')).toContain('passée');
  await app.wait('no button', async () => !(await app.exists('#retry')));
  expect(app.calls().filter((call) => call === 'retryRefused')).toHaveLength(1);
  await look(app, 'conflict-passed');
});

test('one conflict is printed, or all of the list', async () => {
  const app = await openConflicts();
  await catchPrints(app);
  await app.click('#print');
  const one = await printed(app);
  expect(one).toContain('Adherents, id 182');
  expect(one).not.toMatch(/id 97|Rétablir/);
  await app.driver.executeScript('window.printed = undefined');
  await app.click('#print-list');
  const all = await printed(app);
  for (const key of ['id 182', 'id 97', 'id 5120']) expect(all).toContain(key);
});

test('where there is no conflict, the screen says what it is for', async () => {
  const app = await startStubApp({ role: 'site', noConflicts: true });
  await app.click('#nav-conflicts');
  await app.wait('the words', async () => (await app.text('.none')).includes('rien n’est perdu'));
});
