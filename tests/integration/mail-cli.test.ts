import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandLine } from '../support/command-line';
import { LOGIN, MailServer, makeCertificate } from '../support/smtp';

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await CommandLine.build();
});
afterAll(() => commandLine.end());

test('synchro mail test: sends one letter over STARTTLS, or says in plain words what is wrong', async () => {
  const certificate = await makeCertificate(['localhost']);
  const server = await MailServer.open(certificate);
  const data = commandLine.subfolder('data');
  const database = join(data, 'base.db');
  new DatabaseSync(database).close();
  const run = (...args: readonly string[]) => commandLine.run(...args, '--data', data);
  await run('init', '--role', 'site', '--name', 'Lyon', '--database', database);
  const missing = await run('mail', 'test');
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringContaining('Il manque le serveur d’envoi'),
  ]);
  for (const [key, value] of [
    ['mail.host', 'localhost'],
    ['mail.port', String(server.port)],
    ['mail.user', LOGIN.user],
    ['mail.password', LOGIN.password],
    ['mail.from', 'sync@example.org'],
    ['mail.to', 'boss@example.org'],
  ] as const) {
    const { code, stdout } = await run('set', key, value);
    expect([code, stdout.includes(LOGIN.password)]).toEqual([0, false]);
  }
  const stranger = await run('mail', 'test');
  expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('certificat inconnu')]);
  writeFileSync(join(data, 'mail-ca.pem'), certificate.cert);
  expect(await commandLine.json('mail', 'test', '--data', data)).toEqual({
    sent: true,
    recipients: ['boss@example.org'],
  });
  expect(server.box).toMatchObject([
    { subject: 'Lyon\u00a0: essai d’envoi', secure: true, user: LOGIN.user },
  ]);
  await run('set', 'mail.password', 'S3cret-wrong');
  const refused = await run('mail', 'test');
  expect(refused.stderr).toContain('refuse l’identifiant ou le mot de passe');
  expect(refused.stderr + refused.stdout).not.toContain('S3cret');
  await server.close();
});
