/** From nothing to a synchronisation, with the real engine: a siège, a serveur, the code between them, the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freeHubPorts } from '../support/ports';
import { startApp, type App } from './support/app';
import { look } from './support/look';
import { ownDisplay } from './support/own-display';

function sql(file: string, statement: string): unknown[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare(statement).all();
  } finally {
    database.close();
  }
}

async function open(folder: string, name: string): Promise<App> {
  const dataFolder = path.join(folder, name);
  const appFolder = path.join(inject('productFolder'), 'app');
  const app = await startApp({ appFolder, dataFolder, display: ownDisplay() });
  onTestFinished(() => app.stop());
  return app;
}

test('a siège and a serveur are set up, paired, tested and synchronised', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-first-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = (name: string): string => path.join(folder, `${name}.db`);
  for (const name of ['siege', 'colmar'])
    sql(file(name), 'create table members (id integer primary key, name text not null)');
  sql(file('siege'), `insert into members (name) values ('before')`);

  const hub = await open(folder, 'siege');
  await hub.click('#role-hub');
  await hub.type('input[name=station-name]', 'Siège');
  await look(hub, 'first-start-role');
  await hub.click('#first-start-next');
  await hub.type('input[name=db-path]', path.join(folder, 'missing.db'));
  await hub.click('#first-start-next');
  await hub.find('#first-start-wrong');
  await look(hub, 'first-start-wrong');
  await hub.type('input[name=db-path]', file('siege'));
  await hub.click('#first-start-next');
  await hub.type('input[name=hub-address]', '127.0.0.1');
  await hub.type('[data-path="hub.port"] input', String((await freeHubPorts()).port));
  await hub.type('input[name=first-site]', 'Colmar');
  await look(hub, 'first-start-hub');
  await hub.click('#first-start-next');
  await hub.find('#pairing-code');
  await look(hub, 'first-start-code');
  const code = await hub.text('#pairing-code');
  await hub.click('#first-start-leave');
  await hub.find('#ftp-state.active');

  const site = await open(folder, 'colmar');
  await site.click('#role-site');
  await site.type('input[name=station-name]', 'Colmar');
  await site.click('#first-start-next');
  await site.type('input[name=db-path]', file('colmar'));
  await site.click('#first-start-next');
  await site.type('textarea[name=pairing-code]', code.slice(0, -3));
  await site.click('#first-start-next');
  await site.find('#first-start-wrong');
  await site.type('textarea[name=pairing-code]', code);
  await site.click('#start-hub');
  await look(site, 'first-start-site');
  await site.click('#first-start-next');
  // The hub is asked for its rows, and they are here.
  await site.find('#test-offer');
  expect(sql(file('colmar'), `select name from members`)).toEqual([{ name: 'before' }]);
  await look(site, 'first-start-done');
  await site.click('#offer-test');
  await site.find('#test-verdict.ok');
  await look(site, 'first-start-test');

  sql(file('colmar'), `insert into members (name) values ('Zoé')`);
  await site.click('#nav-progress');
  await site.click('#manual');
  await site.click('#dialog-confirm');
  for (const app of [site, hub])
    await app.wait('the end of the session', async () => (await app.text('#recent')).includes('OK'));
  expect(sql(file('siege'), `select name from members where name = 'Zoé'`)).toHaveLength(1);
});
