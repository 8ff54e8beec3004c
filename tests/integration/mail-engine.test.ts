import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'basic-ftp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/settings';
import type { Report } from '../../src/report/report';
import { newReport } from '../../src/report/new-report';
import { EngineCompany } from '../support/engines';
import { MailServer, MuteServer } from '../support/smtp';

const SCHEMA = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT);`;

let server: MailServer;
let company: EngineCompany | null = null;
beforeEach(async () => {
  server = await MailServer.open({ authOptional: true, hideSTARTTLS: true });
});
afterEach(async () => {
  await company?.close();
  company = null;
  await server.close();
});

/** A hub and one site, which tell their sessions to a mail server. */
async function found(port: number, settings: Readonly<Record<string, string>> = {}): Promise<EngineCompany> {
  company = await EngineCompany.open({
    schema: SCHEMA,
    sites: ['lyon'],
    settings: {
      waitLimit: '0.2',
      receptionLimit: '0.2',
      'mail.host': '127.0.0.1',
      'mail.port': String(port),
      'mail.security': 'none',
      'mail.from': 'sync@example.org',
      'mail.to': 'boss@example.org it@example.org',
      'mail.enabled': 'true',
      ...settings,
    },
  });
  return company;
}

describe('engines that tell', () => {
  test('a session that succeeds where that is wanted, one that fails always, with its report', async () => {
    const { session, synchronise } = bound(await found(server.port, { 'mail.onSuccess': 'true' }));
    await synchronise();
    const both = await server.received(2);
    expect(both.map(({ subject }) => subject).sort()).toEqual([
      'hub\u00a0: synchronisation terminée',
      'lyon\u00a0: synchronisation terminée',
    ]);
    const report = await session('lyon');
    expect(report.state).toBe('failed');
    const [, , letter] = await server.received(3);
    expect(letter).toMatchObject({
      subject: 'lyon\u00a0: échec de la synchronisation',
      recipients: ['boss@example.org', 'it@example.org'],
      text: expect.stringMatching(/- Le siège 127\.0\.0\.1 \(port \d+\) est injoignable/) as unknown,
      attachments: [{ filename: `rapport-${report.id}.pdf` }],
    });
    expect(letter?.attachments[0]?.content).toMatch(/^%PDF-/);
  });

  test('a session that "Arrêter" ended, that nothing is lost, and its report', async () => {
    const { start } = bound(await found(server.port, { receptionLimit: '60' }));
    const hub = await start('hub');
    const waiting = hub.overview(({ stopEffect }) => stopEffect?.key === 'stop.receiveBatches');
    const ended = hub.engine.synchronise('manual');
    await waiting;
    await hub.engine.stopSession();
    const report = await ended;
    expect(report.state).toBe('stopped');
    expect(await server.received(1)).toMatchObject([
      {
        subject: 'hub\u00a0: synchronisation arrêtée',
        recipients: ['boss@example.org', 'it@example.org'],
        text: expect.stringContaining('Aucune donnée n’est perdue') as unknown,
        attachments: [{ filename: `rapport-${report.id}.pdf` }],
      },
    ]);
  });

  test('a session that a power cut ended, at the next start', async () => {
    const { post, start } = bound(await found(server.port));
    const folder = join(post('lyon').data, 'reports');
    const report = newReport({
      role: 'site',
      name: 'lyon',
      trigger: 'schedule',
      application: '1',
      now: Date.now(),
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${report.id}.json`), JSON.stringify(report));
    await start('lyon');
    const [letter] = await server.received(1);
    expect(letter?.text).toContain('Le logiciel ou le poste s’est arrêté pendant cette synchronisation.');
  });

  test('an address that the FTP server came to refuse, which the report tells too, once', async () => {
    const { post, start } = bound(await found(server.port));
    const { engine } = await start('hub');
    await engine.serve();
    const { hub } = await loadSettings(post('hub').data);
    for (let attempt = 0; server.box.length === 0 && attempt < 20; attempt++) {
      const client = new Client();
      await client
        .access({
          host: '127.0.0.1',
          port: hub?.port ?? 0,
          user: 'site-1',
          password: 'wrong',
          secure: true,
          secureOptions: { rejectUnauthorized: false },
        })
        .catch(() => undefined);
      client.close();
      if ((await engine.blockedAddresses()).length > 0) break;
    }
    const [letter] = await server.received(1);
    expect(letter).toMatchObject({
      subject: 'hub\u00a0: une adresse IP bloquée',
      text: expect.stringContaining('- 127.0.0.1') as unknown,
    });
    const told = (report: Report): unknown[] =>
      report.steps
        .flatMap(({ messages }) => messages)
        .filter(({ key }) => key === 'session.hub.blocked')
        .map(({ params }) => params);
    expect(told(await engine.synchronise('manual'))).toEqual([
      { address: '127.0.0.1', attempts: 5, users: 'site-1' },
    ]);
    expect(told(await engine.synchronise('manual'))).toEqual([]);
  });
});

test('a mail server that hangs delays neither a synchronisation nor, beyond a moment, the end of the program', async () => {
  const mute = await MuteServer.open();
  const { post, start, stop, session } = bound(
    await found(mute.port, { 'mail.onSuccess': 'true', waitLimit: '0.5', receptionLimit: '1' }),
  );
  // A letter is stuck on its way from here on.
  await session('lyon');
  const { engine: hub } = await start('hub');
  const { engine: lyon } = await start('lyon');
  await mute.connected();
  const reports = await Promise.all([hub.synchronise('manual'), lyon.synchronise('manual')]);
  expect(reports.map(({ state }) => state)).toEqual(['ok', 'ok']);
  const before = performance.now();
  await Promise.all([stop('lyon'), stop('hub')]);
  expect(performance.now() - before).toBeLessThan(5_000);
  const queue = readdirSync(join(post('lyon').data, 'mail-queue'));
  expect(queue).toHaveLength(2);
  await mute.close();
});

/** The methods of a company as functions. */
function bound(open: EngineCompany) {
  return {
    post: (name: string) => open.post(name),
    start: (name: string) => open.start(name),
    stop: (name: string) => open.stop(name),
    session: (name: string) => open.session(name),
    synchronise: () => open.synchronise(),
  };
}
