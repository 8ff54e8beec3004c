/** What somebody has to decide: an old copy that catches up, a database to be filled, changes to be sent again. */
import { Key } from 'selenium-webdriver';
import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp } from './support/stub-app';

test('an old copy is explained, and asked about before it catches up', async () => {
  const params = { batch: 12, known: 9, round: 1284, position: 1280 };
  const app = await startStubApp({
    role: 'site',
    wayOut: { problem: { key: 'error.session.siteRestored', params }, way: 'recover' },
  });
  expect(await app.text('#way-out')).toMatch(/lot n°\s9 et synchronisation n°\s1280 ici/);
  await look(app, 'way-out');
  await app.click('#recover');
  await look(app, 'way-out-question');
  await app.click('#dialog-confirm');
  await app.wait('the call', () => Promise.resolve(app.calls().includes('recover')));
});

test.each([
  ['hub', 'goOn', 'error.session.hubBehind', 'Continuer depuis cette sauvegarde'],
  ['site', 'giveBack', 'error.session.hubRestored', 'Rendre au siège ce qui lui manque'],
  ['hub', 'publishAgain', 'error.session.roundsLost', 'Publier de nouveau'],
] as const)('a hub in trouble: what the %s can do by %s', async (role, way, key, words) => {
  const params = { site: 'Lyon', round: 12, known: 9 };
  const app = await startStubApp({ role, wayOut: { problem: { key, params }, way } });
  await app.find('#recover');
  expect(await app.text('#recover')).toBe(words);
  await app.click('#recover');
  await look(app, `way-out-${way}`);
  await app.click('#dialog-confirm');
  await app.wait('the call', () => Promise.resolve(app.calls().includes('recover')));
});

test('where nothing here leads out of it, it says so and offers nothing', async () => {
  const app = await startStubApp({
    role: 'hub',
    wayOut: {
      problem: { key: 'error.session.hubUnknown', params: { round: 12, known: 9 } },
      way: null,
    },
  });
  await app.wait('the words', async () =>
    (await app.text('#way-out')).includes('contactez votre assistance'),
  );
  expect(await app.exists('#recover')).toBe(false);
});

test('a start from the hub says how far it is, and can be stopped', async () => {
  const app = await startStubApp({ role: 'site', hold: true });
  await app.click('#nav-configuration');
  await app.click('#tab-tables');
  await app.click('#start-from-hub');
  await app.click('#dialog-confirm');
  expect(await app.text('#snapshot-advance')).toMatch(
    /Remplissage.*32\s%.*Adherents.*412\s000 sur 1\s250\s000/s,
  );
  await look(app, 'starting-point-advances');
  await app.click('#stop-snapshot');
  await app.wait('the words', async () =>
    (await app.text('#starting-point-result')).includes('rien d’inachevé'),
  );
  expect(await app.exists('#snapshot-advance')).toBe(false);
});

test('a site is filled from the hub, and sends its changes again since a date', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#nav-configuration');
  await app.click('#tab-tables');
  await app.find('#starting-point');
  await app.driver.executeScript(`document.querySelector('#resend-card').scrollIntoView(false)`);
  await look(app, 'starting-point-site');
  await app.click('#start-from-hub');
  await app.click('#dialog-confirm');
  await app.find('#starting-point-result.good');
  expect(app.calls()).toContain('startFrom');
  expect(await app.exists('#write-snapshot')).toBe(false);
  await (await app.find('#resend-since input')).sendKeys('20/11/2026 08:00', Key.ENTER);
  await app.click('#resend');
  await app.click('#dialog-confirm');
  await app.find('.notice.done');
  expect(app.calls()).toContain('resend');
});
