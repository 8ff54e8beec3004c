import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFolder } from '../../../src/config/data-folder';
import { resolveSettings, type Settings } from '../../../src/config/settings';
import type { Letter } from '../../../src/mail/letter';
import { DiskMailer } from '../../../src/mail/mailer';
import type { MailEvent, ReportAttachment } from '../../../src/mail/port';
import { reportPage } from '../../../src/mail/report-page';
import type { SendLetter } from '../../../src/mail/smtp';
import { letterTexts } from '../../../src/mail/texts';
import { newReport } from '../../../src/report/new-report';
import type { HistoryLine, Report, SessionState } from '../../../src/report/report';
import type { Clock } from '../../../src/shared/clock';
import { SyncError } from '../../../src/shared/errors';
import { begun, failed } from '../report/samples';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-11-24T22:00:00Z');

const mail = {
  enabled: true,
  host: 'smtp.example',
  from: 'sync@example.org',
  to: ['boss@example.org'],
  password: 'S3cret',
  silenceHours: 48,
};
const common = {
  version: 2,
  installation: '0b9b1c1e-8f0e-4c3a-9a57-3d3b6f3f1f10',
  database: 'sqlite:/x.db',
  schedule: { timeZone: 'Europe/Paris' },
};
const site = (changes: object = {}): Settings =>
  resolveSettings({ ...common, role: 'site', name: 'Lyon', mail: { ...mail, ...changes } });
const hub = (changes: object = {}, names: readonly string[] = ['Lyon', 'Nice']): Settings =>
  resolveSettings({
    ...common,
    role: 'hub',
    name: 'Siège',
    mail: { ...mail, ...changes },
    hub: {
      address: 'siege.example',
      sites: names.map((name, at) => ({ number: at + 1, name, user: `site-${at + 1}`, secretHash: 'h' })),
    },
  });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailer-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly settings: Settings;
  readonly events?: readonly MailEvent[];
  readonly history?: readonly HistoryLine[];
  readonly attach?: ReportAttachment;
  readonly send?: SendLetter;
}

/** A start of the program at some moment, what happens then, and its end: the letters it sent, and what it logged. */
async function run(at: number, { settings, events = [], history = [], attach = reportPage, send }: Run) {
  const sent: Letter[] = [];
  const logged: string[] = [];
  // Waits last until the end.
  const clock: Clock = {
    now: () => at,
    delay: (_, signal) =>
      new Promise((_resolve, reject) => {
        const stop = (): void => reject(signal?.reason as Error);
        if (signal?.aborted === true) stop();
        signal?.addEventListener('abort', stop, { once: true });
      }),
  };
  const keep: SendLetter = (letter) => {
    sent.push(letter);
    return Promise.resolve([]);
  };
  const mailer = new DiskMailer(
    {
      clock,
      application: '1.2.3',
      paths: dataFolder(folder),
      settings: () => Promise.resolve(settings),
      history: () => Promise.resolve(history),
      log: (_, key) => logged.push(key),
    },
    { send: send ?? keep, attach, texts: letterTexts },
  );
  mailer.start();
  for (const event of events) mailer.notify(event);
  await mailer.stop();
  return { sent, subjects: sent.map(({ subject }) => subject), logged };
}

const session = (report: Report): MailEvent => ({ kind: 'session', report });

function ended(state: SessionState, changes: Partial<Report> = {}): MailEvent {
  return session({ ...begun(), state, endedAt: '2026-11-24T21:30:00.000Z', ...changes });
}

describe('the end of a session', () => {
  test.each<[SessionState, string]>([
    ['partial', 'Lyon\u00a0: synchronisation partielle'],
    ['failed', 'Lyon\u00a0: échec de la synchronisation'],
    ['stopped', 'Lyon\u00a0: synchronisation arrêtée'],
    ['idle', 'Lyon\u00a0: aucun établissement n’a envoyé ses données'],
    ['warnings', 'Lyon\u00a0: synchronisation terminée avec des avertissements'],
  ])('%s is told', async (state, subject) => {
    expect((await run(START, { settings: site(), events: [ended(state)] })).subjects).toEqual([subject]);
  });

  test('complete is told where that is wanted, with warnings where that is', async () => {
    const events = [ended('ok'), ended('warnings')];
    expect((await run(START, { settings: site({ onWarning: false }), events })).subjects).toEqual([]);
    expect(
      (await run(START, { settings: site({ onWarning: false, onSuccess: true }), events })).subjects,
    ).toEqual(['Lyon\u00a0: synchronisation terminée']);
  });

  test('is told to nobody where letters are off', async () => {
    const { sent } = await run(START, { settings: site({ enabled: false }), events: [ended('failed')] });
    expect(sent).toEqual([]);
    expect(await readdir(folder)).not.toContain('mail-queue');
  });

  test('says what went wrong, as text and as a page that runs nothing, with the report', async () => {
    const { sent } = await run(START, { settings: site(), events: [session(failed())] });
    const [letter] = sent;
    expect(letter?.text).toContain('- Le siège refuse l’identifiant "><img>.');
    expect(letter?.text).toMatch(/Début +mardi 24 novembre 2026 à 22:00:00/);
    expect(letter?.text).toContain('Message automatique de Synchronisation 1.2.3, Lyon (serveur).');
    expect(letter?.html).toContain('&quot;&gt;&lt;img&gt;');
    expect(letter?.html).not.toMatch(/<script|<img|<b>client/);
    expect(letter?.text).not.toMatch(/letter\.|error\.|report\.|\{\w+\}/);
    expect(letter?.attachments.map(({ filename }) => filename)).toEqual(['rapport-20261124-210000-123.html']);
    expect(Buffer.from(letter?.attachments[0]?.content ?? []).toString()).toContain(
      'Rapport de synchronisation',
    );
  });

  test('is told in English where that is chosen, the report too', async () => {
    const { sent } = await run(START, { settings: site({ language: 'en' }), events: [session(failed())] });
    const page = Buffer.from(sent[0]?.attachments[0]?.content ?? []).toString();
    expect(sent[0]?.subject).toBe('Lyon: synchronisation failed');
    expect(sent[0]?.html).toContain('<html lang="en">');
    expect(page).toContain('<html lang="en">');
    expect(page).toContain('Tuesday 24 November 2026 at 22:00:00');
    expect([sent[0]?.text, page].join('')).not.toMatch(/[éèêàçù]|\b(le|la|les|de|du|sur)\b/);
  });

  test('goes with a page where the window cannot print the report in time', async () => {
    const attach: ReportAttachment = (_, __, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('late'))));
    const { sent } = await run(START, { settings: site(), events: [ended('failed')], attach });
    expect(sent[0]?.attachments[0]?.contentType).toMatch('text/html');
  });
});

describe('the same alert', () => {
  test('is told once an hour, and the next says how many were held back', async () => {
    const events = [ended('failed'), ended('failed'), ended('failed')];
    expect((await run(START, { settings: site(), events })).sent).toHaveLength(1);
    expect((await run(START + HOUR / 2, { settings: site(), events })).sent).toEqual([]);
    const later = await run(START + HOUR, { settings: site(), events });
    expect(later.sent).toHaveLength(1);
    expect(later.sent[0]?.text).toContain('5 alertes semblables n’ont pas été envoyées');
  });

  test('is another one when its cause is another', async () => {
    const error = (code: string) => ended('failed', { error: { code, params: {} } });
    const events = [error('session.interrupted'), error('hub.tlsRequired'), ended('partial')];
    expect((await run(START, { settings: site(), events })).sent).toHaveLength(3);
  });

  test('is told again where the clock was set back', async () => {
    const events = [ended('failed')];
    await run(START + 400 * DAY, { settings: site(), events });
    expect((await run(START, { settings: site(), events })).sent).toHaveLength(1);
  });
});

describe('blocked addresses', () => {
  const blocked = (...addresses: string[]): MailEvent => ({ kind: 'blocked', addresses });

  test('are told when new, together, at most once an hour', async () => {
    const settings = hub();
    const first = await run(START, {
      settings,
      events: [blocked('192.0.2.1'), blocked('192.0.2.1', '192.0.2.2')],
    });
    expect(first.subjects).toEqual(['Siège\u00a0: une adresse IP bloquée']);
    expect(first.sent[0]?.text).toContain('- 192.0.2.1');
    const events = [blocked('192.0.2.1', '192.0.2.2', '192.0.2.3')];
    const second = await run(START + HOUR, { settings, events });
    expect(second.subjects).toEqual(['Siège\u00a0: 2 adresses IP bloquées']);
    expect(second.sent[0]?.text).not.toContain('192.0.2.1\n');
    expect((await run(START + 3 * HOUR, { settings, events })).sent).toEqual([]);
  });

  test('are told anew when they were cleared in between', async () => {
    const settings = hub();
    await run(START, { settings, events: [blocked('192.0.2.1'), blocked()] });
    const again = await run(START + HOUR, { settings, events: [blocked('192.0.2.1')] });
    expect(again.sent).toHaveLength(1);
  });
});

test('a range of numbers or a disk that runs low is told', async () => {
  const events: MailEvent[] = [
    { kind: 'keyRange', table: 'client', left: 1200 },
    { kind: 'keyRange', table: 'visit', left: 1 },
    { kind: 'disk', free: 150_000_000 },
  ];
  const { sent, subjects } = await run(START, { settings: site(), events });
  expect(subjects).toEqual([
    'Lyon\u00a0: la table client n’a presque plus de numéros',
    'Lyon\u00a0: la table visit n’a presque plus de numéros',
    'Lyon\u00a0: le disque est presque plein',
  ]);
  expect(sent[0]?.text).toMatch(/il reste 1\s200 numéros/);
  expect(sent[2]?.text).toMatch(/que 150\sMo sur/);
});

describe('silence', () => {
  /** A hub's session in which these delivered, and these did not confirm. */
  function served(at: number, delivered: readonly string[], late: readonly string[] = []): MailEvent {
    const report = newReport({ role: 'hub', name: 'Siège', trigger: 'schedule', application: '1', now: at });
    for (const [at, name] of delivered.entries()) {
      const state = late.includes(name) ? 'merged' : 'upToDate';
      report.sites.push({ number: at + 1, name, state, rows: 0, bytes: 0, tables: [] });
    }
    report.state = 'ok';
    return session(report);
  }

  test('of a site is told by itself, after the hours that are set, then daily', async () => {
    const settings = site();
    await run(START, { settings, events: [ended('ok')] });
    expect((await run(START + 46 * HOUR, { settings })).sent).toEqual([]);
    const { sent, subjects } = await run(START + 48 * HOUR, { settings });
    expect(subjects).toEqual(['Lyon\u00a0: pas de synchronisation complète depuis longtemps']);
    expect(sent[0]?.text).toContain('dernière synchronisation complète mardi 24 novembre 2026 à 22:00:00');
    expect((await run(START + 60 * HOUR, { settings })).sent).toEqual([]);
    expect((await run(START + 72 * HOUR, { settings })).sent).toHaveLength(1);
    expect(
      (
        await run(START + 73 * HOUR, {
          settings,
          events: [ended('ok', { startedAt: new Date(START + 73 * HOUR).toISOString() })],
        })
      ).sent,
    ).toEqual([]);
    expect((await run(START + 120 * HOUR, { settings })).sent).toEqual([]);
  });

  test('is no matter of failed sessions: they are no success', async () => {
    const settings = site();
    await run(START, { settings });
    const late = await run(START + 49 * HOUR, { settings, events: [ended('failed')] });
    expect(late.subjects).toContain('Lyon\u00a0: pas de synchronisation complète depuis longtemps');
    expect(late.sent[0]?.text).toContain('aucune synchronisation complète depuis sa mise en service');
  });

  test('is told by a hub about each site, in one letter, and not of one just added', async () => {
    await run(START, { settings: hub(), events: [served(START, ['Lyon', 'Nice'])] });
    const two = START + 2 * DAY;
    await run(two, {
      settings: hub({ silenceHours: 72 }),
      events: [served(two, ['Lyon', 'Nice'], ['Nice'])],
    });
    const settings = hub({}, ['Lyon', 'Nice', 'Pau']);
    const three = await run(START + 3 * DAY, { settings });
    expect(three.subjects).toEqual(['Nice\u00a0: pas de synchronisation complète depuis longtemps']);
    const six = await run(START + 6 * DAY, { settings });
    expect(six.subjects).toEqual(['Lyon, Nice, Pau\u00a0: pas de synchronisation complète depuis longtemps']);
    expect(six.sent[0]?.text.match(/^- /gm)).toHaveLength(3);
  });

  test('is not told where letters are off, and counted from then when they are on', async () => {
    await run(START, { settings: site({ enabled: false }) });
    expect((await run(START + 60 * HOUR, { settings: site({ enabled: false }) })).sent).toEqual([]);
    expect((await run(START + 61 * HOUR, { settings: site() })).sent).toHaveLength(1);
  });
});

describe('the weekly summary', () => {
  // 2026-11-30 is a Monday.
  const settings = site({ weeklySummary: { day: 1, time: '08:00' }, silenceHours: 1000 });
  const line = (startedAt: string, state: SessionState): HistoryLine => ({
    id: startedAt,
    startedAt,
    endedAt: startedAt,
    state,
    trigger: 'schedule',
    duration: 0,
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    conflicts: 0,
    warnings: 0,
  });
  const history = [
    line('2026-11-30T21:00:00.000Z', 'ok'),
    line('2026-11-29T21:00:00.000Z', 'failed'),
    line('2026-11-28T21:00:00.000Z', 'ok'),
    line('2026-11-27T21:00:00.000Z', 'ok'),
    line('2026-11-20T21:00:00.000Z', 'stopped'),
  ];

  test('comes once a week, late where the machine was off, and tells the week before it', async () => {
    await run(START, { settings });
    expect(
      (await run(Date.parse('2026-11-30T06:59:00Z'), { settings, history, events: [ended('ok')] })).sent,
    ).toEqual([]);
    const late = await run(Date.parse('2026-12-01T12:00:00Z'), { settings, history });
    expect(late.subjects).toContain('Lyon\u00a0: résumé de la semaine');
    const text = late.sent.find(({ subject }) => subject.includes('résumé'))?.text ?? '';
    expect(text).toContain('Synchronisations du lundi 23 novembre 2026 à 08:00:00 au lundi 30');
    expect(text).toMatch(
      /Synchronisations +3\nOK +2\nÉchec +1\nProchain départ +mardi 1 décembre 2026 à 22:00:00/,
    );
    expect(text).toContain('- Lyon\u00a0: dernière synchronisation complète mardi 24 novembre 2026');
    const again = await run(Date.parse('2026-12-02T12:00:00Z'), { settings, history, events: [ended('ok')] });
    expect(again.subjects).not.toContain('Lyon\u00a0: résumé de la semaine');
  });

  test('begins with the next one when it is asked for', async () => {
    await run(START, { settings: site() });
    expect((await run(START + DAY, { settings })).sent).toEqual([]);
  });
});

describe('the queue', () => {
  const fail =
    (code: string, retryable = true): SendLetter =>
    () =>
      Promise.reject(new SyncError(code, { retryable }));

  test('keeps letters over a restart, without secrets or addresses, until they are sent', async () => {
    const events = [ended('failed'), ended('partial')];
    const down = await run(START, { settings: site(), events, send: fail('mail.portClosed') });
    expect(down.logged).toEqual(['error.mail.portClosed']);
    const files = await readdir(join(folder, 'mail-queue'));
    expect(files).toHaveLength(2);
    for (const file of files)
      expect(await readFile(join(folder, 'mail-queue', file), 'utf8')).not.toMatch(
        /S3cret|example\.org|smtp\.example/,
      );
    await writeFile(join(folder, 'mail-queue', '0-broken.json'), '{"at": 1');
    await writeFile(join(folder, 'mail-queue', `${files[0] ?? ''}.a1b2c3.tmp`), 'half');
    const up = await run(START + HOUR, { settings: site() });
    expect(up.subjects).toEqual([
      'Lyon\u00a0: échec de la synchronisation',
      'Lyon\u00a0: synchronisation partielle',
    ]);
    expect(up.sent[0]?.attachments).toHaveLength(1);
    expect(up.logged).toEqual(['mailing.sent', 'mailing.sent']);
    expect((await readdir(join(folder, 'mail-queue'))).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  test('lets other letters pass one that is refused, but tries none over a line that is down', async () => {
    const tried: string[] = [];
    const events = [ended('failed'), ended('partial'), ended('stopped')];
    const refusing: SendLetter = ({ subject }) => {
      tried.push(subject);
      return subject.includes('échec')
        ? Promise.reject(new SyncError('mail.messageRefused', { retryable: false }))
        : Promise.resolve([]);
    };
    await run(START, { settings: site(), events, send: fail('mail.unreachable') });
    await run(START, { settings: site(), send: refusing });
    expect(tried).toHaveLength(3);
    expect(await readdir(join(folder, 'mail-queue'))).toHaveLength(1);
  });

  test('says which recipients a server refused, when it took others', async () => {
    const { logged } = await run(START, {
      settings: site(),
      events: [ended('failed')],
      send: () => Promise.resolve(['nobody@example.org']),
    });
    expect(logged).toEqual(['mailing.someRefused', 'mailing.sent']);
  });

  test('that cannot be written is a word in the log, and nothing more', async () => {
    await writeFile(join(folder, 'mail-queue'), 'a file where the folder should be');
    const { logged } = await run(START, { settings: site(), events: [ended('failed')] });
    expect(logged[0]).toMatch(/^error\.disk\./);
  });
});
