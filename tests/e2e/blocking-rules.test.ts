/** The rules of blocking, saved by the real engine from the real window. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { Key } from 'selenium-webdriver';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startApp, type App } from './support/app';
import { ownDisplay } from './support/own-display';

async function openHub(): Promise<{ app: App; dataFolder: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-rules-'));
  const [dataFolder, database] = [path.join(folder, 'data'), path.join(folder, 'hub.db')];
  new DatabaseSync(database).close();
  const options = ['--role', 'hub', '--name', 'hub', '--database', `sqlite:${database}`, '--port', '42121'];
  const command = [
    path.join(inject('productFolder'), 'synchro.js'),
    'init',
    ...options,
    '--data',
    dataFolder,
  ];
  execFileSync(process.execPath, command, { stdio: 'ignore' });
  const app = await startApp({
    appFolder: path.join(inject('productFolder'), 'app'),
    dataFolder,
    display: ownDisplay(),
  });
  onTestFinished(async () => {
    await app.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { app, dataFolder };
}

test('a wrong rule is refused as it is typed, a right one is saved whole', async () => {
  const { app, dataFolder } = await openHub();
  const saved = (): unknown => JSON.parse(readFileSync(path.join(dataFolder, 'settings.json'), 'utf8'));
  await app.click('#nav-blocked');
  const address = await app.find('#allow-address');
  await address.sendKeys('192.168.1.300');
  await app.click('#allow-add');
  await app.wait('the fault', async () => (await app.text('#allow-note')).includes('de la forme'));
  expect(await (await app.find('#save-rules')).isEnabled()).toBe(false);
  await app.click('[data-allowed="192.168.1.300"] button');
  await address.sendKeys('10.8.0.0/16', Key.ENTER);
  const threshold = await app.find('#threshold');
  await threshold.sendKeys(Key.chord(Key.CONTROL, 'a'), '3', Key.TAB);
  await app.wait('no fault', async () => (await app.find('#save-rules')).isEnabled());
  await app.click('#save-rules');
  await app.find('.notice.done');
  expect(saved()).toMatchObject({
    hub: { blocking: { threshold: 3, windowMinutes: 10, allow: ['10.8.0.0/16'] } },
  });
  expect(await (await app.find('#save-rules')).isEnabled()).toBe(false);
  await app.click('#nav-progress');
  await app.find('#log');
});
