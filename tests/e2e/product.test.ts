/** The real engine in the real window: nothing here is a stub. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { freeHubPorts } from '../support/ports';
import { startApp, type App } from './support/app';
import { MailServer } from '../support/smtp';
import { readTray } from './support/desktop';
import { saveAs } from './support/files';
import { ownDisplay } from './support/own-display';

const product = inject('productFolder');
let folder: string;
let apps: App[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-product-'));
});

afterEach(async () => {
  for (const app of apps) await app.stop();
  apps = [];
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `synchro …` on the data folder of that name and returns what it says. */
function synchro(name: string, ...args: string[]): string {
  const command = [path.join(product, 'synchro.js'), ...args, '--data', path.join(folder, name)];
  return execFileSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function sql(name: string, statement: string): unknown[] {
  const database = new DatabaseSync(path.join(folder, `${name}.db`));
  try {
    return database.prepare(statement).all();
  } finally {
    database.close();
  }
}

function install(name: string, role: 'hub' | 'site', ...options: string[]): void {
  sql(name, 'create table members (id integer primary key, name text not null)');
  const database = `sqlite:${path.join(folder, `${name}.db`)}`;
  synchro(name, 'init', '--role', role, '--name', name, '--database', database, ...options);
  synchro(name, 'prepare');
}

async function open(name: string): Promise<App> {
  const app = await startApp({
    appFolder: path.join(product, 'app'),
    dataFolder: path.join(folder, name),
    display: ownDisplay(),
  });
  apps.push(app);
  return app;
}

test('a member entered at Colmar is in the hub after "Manuelle" in the window of Colmar', async () => {
  install('hub', 'hub', '--port', String((await freeHubPorts()).port), '--address', '127.0.0.1');
  install('colmar', 'site');
  const code = synchro('hub', 'sites', 'add', 'colmar').trim();
  synchro('colmar', 'pair', code);
  sql('colmar', `insert into members (name) values ('Zoé')`);

  const mailbox = await MailServer.open({ authOptional: true, hideSTARTTLS: true });
  onTestFinished(() => mailbox.close());
  for (const [key, value] of [
    ['host', '127.0.0.1'],
    ['port', String(mailbox.port)],
    ['security', 'none'],
    ['from', 'colmar@example.org'],
    ['to', 'siege@example.org'],
    ['onSuccess', 'true'],
    ['enabled', 'true'],
  ] as const)
    synchro('colmar', 'set', `mail.${key}`, value);

  const hub = await open('hub');
  await hub.find('#ftp-state.active');
  const site = await open('colmar');
  await site.click('#manual');
  await site.click('#dialog-confirm');
  for (const app of [site, hub]) {
    await app.wait('the end of the session', async () => (await app.text('#recent')).includes('OK'));
  }
  for (const app of [site, hub]) {
    await app.wait('the tray', async () => (await readTray(app.driver)).icon.endsWith('tray-good.png'));
    expect(await app.text('#verdict')).toMatch(/^Tout est à jour depuis (hier à )?\d{2}:\d{2}$/);
  }
  expect(await hub.text('#sites [data-site="1"]')).toContain('À jour');
  await site.screenshot('product-site');
  await hub.screenshot('product-hub');
  expect(sql('hub', 'select name from members')).toEqual([{ name: 'Zoé' }]);

  const [letter] = await mailbox.received(1);
  expect(letter?.attachments).toMatchObject([
    {
      filename: expect.stringMatching(/\.pdf$/) as unknown,
      content: expect.stringMatching(/^%PDF-/) as unknown,
    },
  ]);

  await site.click('#test');
  await site.find('#test-verdict.ok');

  await site.click('#info');
  await site.find('#licences');
  await site.screenshot('product-information');
  const archive = path.join(folder, 'support.zip');
  await saveAs(site, '#save-support', archive);
  await site.wait('the notice', async () => (await site.text('.notice')).includes('Archive enregistrée'));
  const files = unzipSync(readFileSync(archive));
  expect(strFromU8(files['logs/synchronisation.log'] ?? new Uint8Array())).toContain('session.ended.ok');
  expect(strFromU8(files['examination.txt'] ?? new Uint8Array())).toMatch(/^ok +Port/m);
});

test('settings of a newer version are refused with a clear word, and left as they are', async () => {
  install('colmar', 'site');
  const file = path.join(folder, 'colmar', 'settings.json');
  const newer = readFileSync(file, 'utf8').replace(/"version": \d+/, '"version": 99');
  writeFileSync(file, newer);
  const app = await open('colmar');
  await app.find('#reload');
  expect(await app.text('h1')).toBe('Ce logiciel est plus ancien que les réglages de ce poste');
  expect(await app.text('.sheet')).toContain('Installez cette version, ou une plus récente.');
  await app.screenshot('product-newer');
  expect(readFileSync(file, 'utf8')).toBe(newer);
});

test('an empty data folder leads to the first start', async () => {
  const app = await open('nothing');
  await app.find('#first-start #role-hub');
  expect(await app.text('#first-start h1')).toBe('Mise en route');
});
