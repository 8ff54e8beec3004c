import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp } from './support/stub-app';

test('a hub shows its establishments, its reception time and its FTP server', async () => {
  const app = await startStubApp({ role: 'hub', hold: true });
  await app.find('#blocked');
  expect(await app.text('#title')).toBe('Synchronisation\u00a0: Siège');
  expect(await app.text('#site-count')).toBe('3');
  expect(await app.text('#reception-limit')).toBe('1 h 30 min');
  expect(await app.text('#ftp-state.active')).toBe('Actif\nport 21');
  expect(await app.exists('#test')).toBe(false);
  await look(app, 'hub-idle');
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.wait('the reception', () => app.exists('.trail li:nth-child(3).running'));
  expect(await app.text('#progress')).toContain('Lyon');
  await look(app, 'hub-running');
});

test('blocked addresses are listed, and "vider" lets them in again', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.find('#blocked');
  expect(await app.text('#blocked')).toContain('203.0.113.45');
  await app.click('#clear-blocked');
  await app.called('clearBlockedAddresses');
  await app.wait('an empty list', async () => !(await app.exists('#blocked')));
});

test('an FTP server that is down is red and says why', async () => {
  const app = await startStubApp({ role: 'hub', ftpDown: true });
  await app.find('#ftp-state.inactive');
  expect(await app.text('#ftp-state')).toBe('Inactif');
  expect(await app.text('#verdict')).toContain('Le serveur FTP est inactif');
  expect(await app.text('#problems')).toContain('Le port 21 est déjà utilisé');
  await look(app, 'hub-ftp-down');
});
