import { expect, test } from 'vitest';
import { look, resize } from './support/look';
import { startStubApp, type StubApp } from './support/stub-app';

async function compared(): Promise<StubApp> {
  const app = await startStubApp({ role: 'site' });
  await app.click('#nav-compare');
  await app.click('#compare');
  await app.find('#comparison-verdict');
  return app;
}

test('a comparison says which tables differ, and shows the rows side by side', async () => {
  const app = await compared();
  expect(await app.text('#comparison-verdict')).toContain('Une table diffère de celle du siège.');
  const tables = await app.text('#compared-tables');
  expect(tables).toMatch(/Adherents\s+différente\s+24\s310\s+24\s311\s+2\s+3/);
  expect(tables).toMatch(/Tarifs\s+non comparée\s+La table n’a pas les mêmes colonnes/);
  const rows = await app.text('#differing-rows');
  expect(rows).toMatch(/id 182.*telephone\s+06 12 34 56 78\s+\(vide\)\s+ville\s+Lyon\s+Strasbourg/s);
  expect(rows).toMatch(/id 97.*\(ligne absente\)\s+Müller/s);
  expect(rows).not.toContain('Le Goff');
  await look(app, 'compare');
  await resize(app, 1024, 700);
  await look(app, 'compare-small');
});

test('a repair asks first, says what it does, and compares anew', async () => {
  const app = await compared();
  await app.click('[data-row=changed] .el-checkbox');
  await app.click('#hub-is-right');
  await app.find('#dialog-confirm');
  expect(await app.text('.el-dialog')).toMatch(/1 ligne de la table Adherents prend ici.*Conflits/s);
  await look(app, 'compare-ask');
  await app.click('#dialog-cancel');
  await app.wait('no dialog', async () => !(await app.exists('#dialog-confirm')));
  expect(app.calls()).not.toContain('repair');
  await app.click('#hub-is-right');
  await app.click('#dialog-confirm');
  await app.wait('one row less', async () => !(await app.text('#differing-rows')).includes('id 182'));
  expect(await app.text('.notice.done')).toContain('1 ligne reprise du siège');
  await app.click('#site-is-right');
  await app.find('#dialog-confirm');
  expect(await app.text('.el-dialog')).toMatch(
    /1 ligne de la table Adherents part.*prochaine synchronisation/s,
  );
  await app.click('#dialog-confirm');
  await app.wait('all equal', async () => !(await app.exists('#differing-rows')));
  expect(await app.text('#comparison-verdict')).toContain('qui peuvent être comparées sont identiques');
  await look(app, 'compare-equal');
});

test('a comparison under way tells how far it is, and can be stopped', async () => {
  const app = await startStubApp({ role: 'site', hold: true });
  await app.click('#nav-compare');
  await app.click('#compare');
  await app.find('#stop-comparison');
  await app.wait('the progress', async () => (await app.text('.note')).includes('Table Adherents'));
  expect(await app.text('.note')).toMatch(/12\s288 lignes lues\. Tables terminées\s: 0 sur 3/);
  await look(app, 'compare-running');
  await app.click('#stop-comparison');
  await app.called('stopComparison');
  await app.find('#compare');
});

test('at the head office the screen says where to start it', async () => {
  const app = await startStubApp({ role: 'hub' });
  await app.click('#nav-compare');
  await app.wait('the words', async () =>
    (await app.text('#compare-screen')).includes('dans chaque établissement'),
  );
  expect(await app.exists('#compare')).toBe(false);
  await look(app, 'compare-hub');
});
