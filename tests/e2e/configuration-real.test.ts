/** The configuration of a siège with the real engine: establishments, a trial letter, the password. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { Key } from 'selenium-webdriver';
import { SMTPServer } from 'smtp-server';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freeHubPorts } from '../support/ports';
import { startApp, type App } from './support/app';
import { ownDisplay } from './support/own-display';

/** A mail server that takes anything; the subjects of what came. */
async function openMailbox(): Promise<{ readonly port: number; readonly letters: string[] }> {
  const letters: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        letters.push(Buffer.concat(chunks).toString());
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, letters };
}

async function openHub(): Promise<App> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'synchro-configuration-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = path.join(folder, 'siege.db');
  const database = new DatabaseSync(file);
  database.exec('create table members (id integer primary key, name text not null)');
  database.close();
  const appFolder = path.join(inject('productFolder'), 'app');
  const app = await startApp({
    appFolder,
    dataFolder: path.join(folder, 'data'),
    display: ownDisplay(),
  });
  onTestFinished(() => app.stop());
  await app.click('#role-hub');
  await app.type('input[name=station-name]', 'Siège');
  await app.click('#first-start-next');
  await app.type('input[name=db-path]', file);
  await app.click('#first-start-next');
  await app.type('input[name=hub-address]', '127.0.0.1');
  await app.type('[data-path="hub.port"] input', String((await freeHubPorts()).port));
  await app.type('input[name=first-site]', 'Colmar');
  await app.click('#first-start-next');
  await app.find('#pairing-code');
  await app.click('#first-start-leave');
  await app.click('#nav-configuration');
  return app;
}

test(
  'establishments, a trial letter and the password, with the real engine',
  { timeout: 120_000 },
  async () => {
    const { port, letters } = await openMailbox();
    const app = await openHub();

    await app.click('#tab-sites');
    await app.type('#new-site', 'Lyon');
    await app.click('#add-site');
    await app.find('#pairing-code');
    await (await app.find('body')).sendKeys(Key.ESCAPE);
    await app.wait('the new site', async () => (await app.text('#sites')).includes('Lyon'));
    await app.click('#sites li:last-child .retire-site');
    await app.click('#dialog-confirm');
    await app.find('#sites li.retired');

    await app.click('#tab-mail');
    await app.type('input[name=mail-host]', '127.0.0.1');
    await app.type('[data-path="mail.port"] input', '9');
    await (await app.find('[data-path="mail.security"] select')).sendKeys(Key.END);
    await app.type('input[name=mail-from]', 'siege@example.org');
    await app.type('[data-path="mail.to"] textarea', 'manager@example.org');
    await app.click('#try-mail');
    await app.wait('the refusal', async () => (await app.text('#mail-tried')).includes('port 9'));
    await app.type('[data-path="mail.port"] input', String(port));
    await app.click('#try-mail');
    await app.wait('the letter', () => Promise.resolve(letters.length === 1));
    expect(letters[0]).toContain('To: manager@example.org');
    await app.click('#discard-settings');

    await app.click('#tab-preferences');
    await app.type('input[name=new-password]', 'sésame');
    await app.type('input[name=new-password-again]', 'sésame');
    await app.click('#set-password');
    await app.find('#remove-password');
    await app.click('#nav-progress');
    await app.click('#nav-configuration');
    await app.type('#unlock-password', 'wrong');
    await app.click('#unlock');
    await app.find('#unlock-wrong');
    await app.type('#unlock-password', 'sésame');
    await app.click('#unlock');
    await app.find('#tab-sites');
  },
);
