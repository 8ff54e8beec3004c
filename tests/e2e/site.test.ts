import { expect, test } from 'vitest';
import { look } from './support/look';
import { startStubApp } from './support/stub-app';

test('a site shows its mode, its dates and its buttons', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#recent');
  expect(await app.text('#title')).toBe('Synchronisation\u00a0: Serveur');
  expect(await app.text('#last-synchronisation')).toBe('23/11/2026 22:00:00');
  expect(await app.text('#departure')).toBe('22:00');
  expect(await app.text('#next-departure')).toBe('Prochain départ\u00a0: mardi 24 novembre à 22:00');
  for (const id of ['close', 'report', 'stop', 'test', 'manual', 'reset', 'help', 'info']) {
    expect(await app.exists(`#${id}`), id).toBe(true);
  }
  expect(await app.exists('#site-count')).toBe(false);
  await look(app, 'site-idle');
});

test('a manual synchronisation is confirmed, followed step by step, prolonged and stopped', async () => {
  const app = await startStubApp({ role: 'site', hold: true });
  await app.click('#manual');
  expect(await app.text('.el-dialog')).toContain('ne jamais lancer une synchronisation manuelle');
  await look(app, 'site-manual');
  await app.click('#dialog-cancel');
  expect(await app.exists('.el-dialog')).toBe(false);
  expect(app.calls()).not.toContain('startSession');

  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.called('startSession');
  await app.wait('the session to reach the step of sending', async () =>
    (await app.text('#progress')).includes('000042.batch'),
  );
  expect(await app.text('#progress')).toContain('2 min 14 s');
  expect(await app.text('#progress')).toMatch(/8,5\sko\/s/);
  await app.wait('the step of sending', () => app.exists('.trail li:nth-child(4).running'));
  await look(app, 'site-running');

  expect(await app.text('#deadline')).toContain('23:30');
  await app.click('#reset');
  await app.called('resetTimers');
  await app.wait('the new deadline', async () => (await app.text('#deadline')).includes('00:15'));
  expect(await app.text('.notice')).toContain('00:15');
  await app.click('#stop');
  expect(await app.text('#stop-effect')).toContain('il reprendra au même endroit');
  await look(app, 'site-stop');
  await app.click('#dialog-confirm');
  await app.called('stopSession');
  await app.wait('the end of the session', async () => !(await app.exists('#progress')));
});

test('the log grows by itself, and "effacer" empties it for good', async () => {
  const app = await startStubApp({ role: 'site' });
  await app.find('#log .line');
  await app.click('#manual');
  await app.click('#dialog-confirm');
  await app.wait(
    'the log to grow',
    async () => (await app.driver.findElements({ css: '#log .line' })).length > 8,
  );
  await app.wait('the end of the session', async () => !(await app.exists('#progress')));
  await app.click('#clear-log');
  await app.called('clearLog');
  await app.wait('an empty log', async () => !(await app.exists('#log .line')));
  await app.driver.navigate().refresh();
  await app.find('#recent');
  expect(await app.exists('#log .line')).toBe(false);
});

test('the test shows each check, and the fault in the hub', async () => {
  const app = await startStubApp({ role: 'site', testFails: true });
  await app.click('#test');
  await app.find('#test-verdict');
  expect(await app.text('#test-verdict')).toBe('Un point est à corriger avant la prochaine synchronisation.');
  await look(app, 'site-test');
});
