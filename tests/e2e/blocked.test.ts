import { expect, test } from 'vitest';
import { look, resize } from './support/look';
import { startStubApp } from './support/stub-app';

test('each blocked address is shown with all that is known of it, and one can be removed', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#nav-blocked');
  await app.find('#blocked-addresses');
  expect(await app.text('[data-address="198.51.100.7"]')).toMatch(
    /^198\.51\.100\.7\s+31\s+root, site-9\s+22\/11\/2026 02:02:00\s+22\/11\/2026 02:09:00\s+vidage de la liste/,
  );
  await look(app, 'blocked');
  await app.click('[data-address="203.0.113.45"] button');
  await app.called('unblock');
  await app.wait('one address', async () => !(await app.exists('[data-address="203.0.113.45"]')));
  await resize(app, 1024, 700);
  await look(app, 'blocked-small');
});

test('"vider" asks first', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#nav-blocked');
  await app.find('#blocked-addresses');
  await app.click('#clear-all');
  await app.find('#dialog-confirm');
  await look(app, 'blocked-ask');
  expect(app.calls()).not.toContain('clearBlockedAddresses');
  await app.click('#dialog-confirm');
  await app.wait('an empty list', async () => !(await app.exists('#blocked-addresses')));
});

test('rules that were changed are not left behind unasked', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#nav-blocked');
  await app.find('#allowed');
  await (await app.find('#allow-address')).sendKeys('10.0.0.4');
  await app.click('#allow-add');
  await app.find('[data-allowed="10.0.0.4"]');
  await app.click('#nav-progress');
  await app.find('#dialog-confirm');
  await look(app, 'blocked-leave');
  await app.click('#dialog-cancel');
  await app.wait('no dialog', async () => !(await app.exists('#dialog-confirm')));
  expect(await app.exists('[data-allowed="10.0.0.4"]')).toBe(true);
  await app.click('#nav-progress');
  await app.click('#dialog-confirm');
  await app.find('#recent');
});

test('changed rules are checked and saved by the engine', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#nav-blocked');
  await app.find('#allowed');
  await (await app.find('#allow-address')).sendKeys('10.0.0.4');
  await app.click('#allow-add');
  await app.called('validateSettings');
  await app.click('#save-rules');
  await app.called('saveSettings');
  await app.find('.notice.done');
  expect(await app.exists('.notice.error')).toBe(false);
});

test('a serveur says that addresses are blocked at the siège', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.click('#nav-blocked');
  await app.wait('the words', async () => (await app.text('#blocked-screen')).includes('au siège'));
  expect(await app.exists('#threshold')).toBe(false);
  await look(app, 'blocked-site');
});
