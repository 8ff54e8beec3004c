/** What a support asks for: everything that is wrong, at once, and an archive that tells no secret. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { doctor, support } from '../../src/commands/doctor';
import { set } from '../../src/commands/setup';
import { dataFolder } from '../../src/config/data-folder';
import { loadSettings } from '../../src/config/settings';
import { secretsOf } from '../../src/config/secrets';
import { parts } from '../../src/main';
import { EngineCompany } from '../support/engines';

const SCHEMA = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE note (text TEXT);`;

let company: EngineCompany;
beforeEach(async () => {
  company = await EngineCompany.open({
    schema: SCHEMA,
    sites: ['lyon'],
  });
});
afterEach(() => company.close());

const answerSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      message: z.object({ key: z.string() }).nullable(),
      remedy: z.object({ key: z.string() }).nullable(),
    }),
  ),
});

/** The exit code, and by check its state and what was found. */
async function examined(name: string, changes: Partial<typeof parts> = {}) {
  let text = '';
  const code = await doctor({
    parts: { ...parts, clock: { ...parts.clock, now: () => company.now() }, ...changes },
    folder: company.post(name).data,
    json: true,
    translate: (key) => key,
    print: (answer) => (text = answer),
    tell: () => undefined,
    signal: new AbortController().signal,
  });
  const { checks } = answerSchema.parse(JSON.parse(text));
  const wrong = checks.filter(({ state }) => state === 'failed' || state === 'warning');
  expect(wrong.filter(({ remedy }) => remedy === null)).toEqual([]);
  return {
    code,
    states: new Map(checks.map(({ name: check, state }) => [check, state])),
    wrong: wrong.map((check) => [check.name, check.state, check.message?.key]),
  };
}

describe('synchro doctor', () => {
  test('at a site with many faults says all of them at once', async () => {
    const { data } = company.post('lyon');
    const paths = dataFolder(data);
    await company.command('lyon', (context) => set(context, 'waitLimit', '0.1'));
    await company.session('lyon');
    chmodSync(paths.settings, 0o644);
    mkdirSync(paths.mailQueue);
    const letter = { subject: 's', text: 't', html: 'h', attachments: [] };
    writeFileSync(
      join(paths.mailQueue, '20261124-0000-0000.json'),
      JSON.stringify({ at: Date.now(), tries: 7, nextAt: 0, letter }),
    );
    const { code, wrong } = await examined('lyon', { freeBytes: () => Promise.resolve(1e9) });
    expect(code).toBe(1);
    expect(wrong).toEqual([
      ['rights', 'warning', 'finding.settingsReadable'],
      ['engine', 'warning', 'finding.engineStopped'],
      ['disk', 'warning', 'finding.diskLow'],
      ['port', 'failed', 'error.hub.unreachable'],
      ['tables', 'warning', 'finding.tablesLeftOut'],
      ['lastSession', 'failed', 'error.hub.unreachable'],
      ['success', 'warning', 'finding.neverComplete'],
      ['mail', 'warning', 'finding.mailOff'],
      ['mailQueue', 'warning', 'finding.mailStuck'],
    ]);
  });

  test('at a hub whose engine runs leaves it alone and goes on', async () => {
    await company.synchronise();
    const { engine } = await company.start('hub');
    await engine.serve();
    const { code, wrong, states } = await examined('hub');
    expect([code, wrong]).toEqual([
      2,
      [
        ['address', 'warning', 'finding.privateAddress'],
        ['tables', 'warning', 'finding.tablesLeftOut'],
        ['mail', 'warning', 'finding.mailOff'],
      ],
    ]);
    expect(['engine', 'port', 'certificate', 'sites'].map((name) => states.get(name))).toEqual(
      Array(4).fill('ok'),
    );
    expect((await engine.overview()).ftp).toMatchObject({ active: true });
  });

  test('at a hub whose port is taken, long after the last success', async () => {
    await company.synchronise();
    const { hub } = await loadSettings(company.post('hub').data);
    const taken = createServer().listen(hub?.port);
    const clock = { ...parts.clock, now: () => company.now() + 20 * 86_400_000 };
    const { code, wrong } = await examined('hub', { clock });
    taken.close();
    expect(code).toBe(1);
    expect(wrong).toEqual(
      expect.arrayContaining([
        ['ftp', 'failed', 'error.ftp.portTaken'],
        ['success', 'warning', 'finding.overdue'],
        ['sites', 'warning', 'finding.sitesSilent'],
      ]),
    );
  });

  test('with settings that are wrong, or of a newer version, goes as far as it can', async () => {
    const file = dataFolder(company.post('lyon').data).settings;
    const sound = readFileSync(file, 'utf8');
    writeFileSync(file, sound.replace(/"waitLimit": [\d.]+/, '"waitLimit": -1'));
    expect((await examined('lyon')).wrong[0]).toEqual(['settings', 'failed', 'error.settings.invalid']);
    writeFileSync(file, sound.replace(/"version": \d+/, '"version": 99'));
    const { code, wrong, states } = await examined('lyon');
    expect([code, wrong[0]]).toEqual([3, ['settings', 'failed', 'error.settings.newer']]);
    expect(states.get('disk')).toBe('ok');
  });
});

test('the archive for support holds what helps, and no secret in any form, from window and command line alike', async () => {
  const password = 'Pä55 "word"/&%1';
  for (const name of ['hub', 'lyon'])
    await company.command(name, (context) => set(context, 'mail.password', password));
  company.at('lyon', `INSERT INTO member VALUES (1, 'Zwetlana Rowvalue')`);
  await company.synchronise();
  // Whatever it was that wrote a secret down.
  const { log } = dataFolder(company.post('lyon').data);
  const settings = {
    hub: await loadSettings(company.post('hub').data),
    lyon: await loadSettings(company.post('lyon').data),
  };
  const forms = [password, encodeURIComponent(password), Buffer.from(password).toString('base64')];
  const planted = [...forms, ...secretsOf(settings.lyon)];
  writeFileSync(log, `${readFileSync(log, 'utf8')}${planted.join('\n')}\n`);
  const running = await company.start('hub');
  const archives = {
    hub: join(company.post('hub').data, 'a.zip'),
    lyon: join(company.post('lyon').data, 'b.zip'),
  };
  await running.engine.writeSupport(archives.hub, { nw: '0.87.0' });
  expect(await company.command('lyon', (context) => support(context, archives.lyon))).toEqual({
    file: archives.lyon,
  });
  const secrets = [
    ...secretsOf(settings.hub),
    ...secretsOf(settings.lyon),
    ...forms,
    'Zwetlana',
    'PRIVATE KEY',
  ];
  expect(secrets.length).toBeGreaterThan(9);
  for (const file of Object.values(archives)) {
    const texts = Object.entries(unzipSync(readFileSync(file))).map(
      ([name, bytes]) => [name, strFromU8(bytes)] as const,
    );
    const names = texts.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'versions.json',
        'settings.json',
        'examination.txt',
        'logs/synchronisation.log',
        'logs/progress.log',
      ]),
    );
    expect(names.some((name) => name.startsWith('reports/'))).toBe(true);
    const told = texts.flatMap(([name, text]) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => [name, secret]),
    );
    expect(told).toEqual([]);
  }
  expect(strFromU8(unzipSync(readFileSync(archives.hub))['versions.json'] ?? new Uint8Array())).toContain(
    '"nw": "0.87.0"',
  );
  expect(strFromU8(unzipSync(readFileSync(archives.lyon))['examination.txt'] ?? new Uint8Array())).toMatch(
    /warning +E-mails: Nobody is told/,
  );
});
