/** What an installation that nobody looks after for years needs: room on its disks, and a record of what happened. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { set } from '../../src/commands/setup';
import { dataFolder } from '../../src/config/data-folder';
import type { Parts } from '../../src/engine/parts';
import { loadSettings } from '../../src/config/settings';
import { departureFile } from '../../src/schedule/departure-memory';
import { lastDepartureAt } from '../../src/schedule/next-departure';
import { parts } from '../../src/main';
import type { Report } from '../../src/report/report';
import { EngineCompany } from '../support/engines';
import { MailServer } from '../support/smtp';

const SCHEMA = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT);`;
const MEGABYTE = 1_000_000;

let server: MailServer;
let company: EngineCompany;
beforeEach(async () => {
  server = await MailServer.open({ authOptional: true, hideSTARTTLS: true });
  company = await EngineCompany.open({
    schema: SCHEMA,
    sites: ['lyon'],
    settings: {
      'mail.host': '127.0.0.1',
      'mail.port': String(server.port),
      'mail.security': 'none',
      'mail.from': 'sync@example.org',
      'mail.to': 'boss@example.org',
      'mail.enabled': 'true',
    },
  });
});
afterEach(async () => {
  await company.close();
  await server.close();
});

const logOf = (name: string): string => readFileSync(dataFolder(company.post(name).data).log, 'utf8');

/** Room on the disk of the folder that `has` names, so many megabytes; plenty on others. */
function roomAt(name: string, has: string, megabytes: number, others: Partial<Parts> = {}): void {
  company.changeParts(name, {
    ...others,
    freeBytes: (folder) => Promise.resolve((folder === has ? megabytes : 1_000_000) * MEGABYTE),
  });
}

const saidIn = ({ steps }: Report): string[] =>
  steps.flatMap(({ messages }) => messages.map(({ key }) => key));

describe('room on the disks', () => {
  test.each(['data', 'database'] as const)(
    'too little on that of the %s: nothing begins, and what to do is said',
    async (which) => {
      const { data, path } = company.post('lyon');
      company.at('lyon', `INSERT INTO member VALUES (1, 'Ann')`);
      const folder = which === 'data' ? data : dirname(path);
      roomAt('lyon', folder, 499);
      const report = await company.session('lyon');
      expect(report).toMatchObject({
        state: 'failed',
        error: { code: 'disk.tooLittle', params: { folder, megabytes: 499, needed: 500 } },
      });
      expect(report.steps.filter(({ state }) => state !== 'pending').map(({ name }) => name)).toEqual([
        'check',
      ]);
      company.changeParts('lyon', {});
      const { lyon } = await company.synchronise();
      expect(lyon?.state).toBe('ok');
      expect(company.contents('hub')).toEqual(company.contents('lyon'));
      // Told by then, however short the end of the program cut the sending.
      const [letter] = await server.received(1);
      expect(letter?.text).toContain(`Il ne reste que 499\u00a0Mo sur le disque de ${folder}`);
    },
  );

  test('getting low, as the numbers of a table: a warning in the report, and a letter of its own', async () => {
    roomAt('lyon', company.post('lyon').data, 1999, {
      openDatabase: async (address) => {
        const range = { table: 'member', from: 1n, to: 10_000_000n, used: 0.9 };
        return Object.assign(await parts.openDatabase(address), {
          assignKeyRanges: () => Promise.resolve([range]),
        });
      },
    });
    const engines = [await company.start('hub'), await company.start('lyon')];
    const [hub, lyon] = await Promise.all(engines.map(({ engine }) => engine.synchronise('manual')));
    expect([hub?.state, lyon?.state]).toEqual(['ok', 'warnings']);
    const said = lyon === undefined ? [] : saidIn(lyon);
    expect(said.filter((key) => /Low|Range/.test(key))).toEqual(['session.diskLow', 'session.keyRange']);
    const letters = await server.received(3);
    expect(letters.map(({ subject }) => subject).sort()).toEqual([
      'lyon\u00a0: la table member n’a presque plus de numéros',
      'lyon\u00a0: le disque est presque plein',
      'lyon\u00a0: synchronisation terminée avec des avertissements',
    ]);
    expect(letters.find(({ subject }) => subject.includes('disque'))?.text).toContain('2\u00a0Go');
    expect(letters.find(({ subject }) => subject.includes('numéros'))?.text).toMatch(
      /il reste 1\s000\s000 numéros/,
    );
  });
});

describe('the log files', () => {
  test('hold a session from start to end in English, and what lies below an error, without secrets or values', async () => {
    await company.command('lyon', (context) => set(context, 'mail.password', 'Pa55word!'));
    company.changeParts('lyon', {
      openDatabase: () =>
        Promise.reject(new Error('login Pa55word! failed. The duplicate key value is (Ann, 12 rue X).')),
    });
    await company.session('lyon');
    const text = logOf('lyon');
    expect(text).toMatch(/^\S+Z INFO {4}engine\.started {2}version \d/);
    expect(text).toContain('INFO    session.started  Start of the synchronisation');
    expect(text).toMatch(
      /ERROR {3}error\.unexpected {2}caused by Error: login ••• failed\. The duplicate key value is •••.* \| at /,
    );
    expect(text).toMatch(/engine\.stopped {2}process \d+\n$/);
    expect(text).not.toMatch(/Pa55word|Ann|rue X/);
  });
});

test('a departure that the end of the program interrupted is started again at the next start, once', async () => {
  const ago = new Date(company.now() - 10 * 60_000).toISOString();
  for (const [key, value] of [
    ['schedule.timeZone', 'UTC'],
    ['schedule.departures', ago.slice(11, 16)],
    ['waitLimit', '0.2'],
  ] as const)
    await company.command('lyon', (context) => set(context, key, value));
  const { data } = company.post('lyon');
  const { schedule } = await loadSettings(data);
  const due = lastDepartureAt(schedule, company.now()) ?? 0;
  const memory = departureFile(dataFolder(data).schedule);
  await memory.save(schedule, { handled: due - 86_400_000, begun: due });
  const running = await company.start('lyon');
  await running.engine.serve();
  await running.logged('session.departureAgain');
  await running.logged('session.ended.failed');
  expect((await running.engine.history({ limit: 10 })).lines.map(({ trigger }) => trigger)).toEqual([
    'schedule',
  ]);
  await company.stop('lyon');
  expect(await memory.load(schedule)).toEqual({ handled: due, begun: null });
});
