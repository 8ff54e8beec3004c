import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { encodePairing } from '../../src/transport/pairing';
import { CommandLine, type Ended } from '../support/command-line';
import { Installations } from '../support/installations';

const SCHEMA = `
  CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT, photo BLOB);
  CREATE TABLE visit (member INTEGER, day TEXT, PRIMARY KEY (member, day)) WITHOUT ROWID;
  CREATE TABLE note (text TEXT);
  INSERT INTO member VALUES (1, 'Ann', x'ff00'), (9007199254740993, 'Bob', NULL);`;

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const instant: unknown = expect.stringMatching(INSTANT);
const anyNumber: unknown = expect.any(Number);

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await CommandLine.build();
});
afterAll(() => commandLine.end());

/** What must hold of every refusal: its exit code, a sentence for people, and nothing of our insides. */
function expectRefusal(ended: Ended, code: number, sentence: RegExp): void {
  expect(ended.stderr).toMatch(sentence);
  expect(ended.stderr).not.toMatch(/^ {4}at |Error:|undefined|\{\w+\}/m);
  expect(ended.stderr.split('\n')).toHaveLength(1);
  expect(ended.stdout).toBe('');
  expect(ended.code).toBe(code);
}

describe.concurrent('a company by command line', () => {
  test('every answer as JSON, from the first command to the last', { timeout: 120_000 }, async () => {
    const company = await Installations.open(commandLine, 'shapes', {
      schema: SCHEMA,
      sites: ['lyon'],
      settings: { waitLimit: '0.5', receptionLimit: '0.5' },
    });
    const table = (name: string, columns: string[], key: string[], generatedKey: boolean) => ({
      name,
      columns,
      key,
      tracking: 'installed',
      generatedKey,
    });
    const tables = {
      tables: [
        table('member', ['id', 'name', 'photo'], ['id'], true),
        table('visit', ['member', 'day'], ['member', 'day'], false),
      ],
      excluded: [{ name: 'note', reason: 'noKey' }],
    };
    expect(await company.json('lyon', 'tables')).toEqual(tables);
    expect(await company.json('lyon', 'prepare')).toEqual(tables);
    expect(await company.json('hub', 'sites')).toEqual({
      sites: [{ number: 1, name: 'lyon', active: true }],
    });
    expect(await company.json('hub', 'set', 'departure', '23:15')).toEqual({
      key: 'departure',
      value: '23:15',
    });

    company.at('hub', `UPDATE member SET name = 'Anna' WHERE id = 9007199254740993`);
    company.at('lyon', `UPDATE member SET name = 'Anne', photo = x'01' WHERE id = 9007199254740993`);
    const [hub, lyon] = await Promise.all([company.json('hub', 'sync'), company.json('lyon', 'sync')]);
    const step = (name: string, counts: object = {}) => ({
      name,
      state: 'done',
      startedAt: instant,
      endedAt: instant,
      rows: 0,
      bytes: 0,
      messages: expect.any(Array) as unknown,
      ...counts,
    });
    const head = (role: string, name: string) => ({
      id: expect.stringMatching(/^\d{8}-\d{6}-\d{3}$/) as unknown,
      role,
      name,
      trigger: 'manual',
      application: expect.stringMatching(/^\d+\.\d+\.\d+$/) as unknown,
      startedAt: instant,
      endedAt: instant,
      round: 1,
      error: null,
    });
    expect(hub).toEqual({
      ...head('hub', 'hub'),
      state: 'warnings',
      steps: [
        step('check'),
        step('open'),
        step('receiveBatches'),
        step('merge', { state: 'warning', rows: 1, bytes: anyNumber }),
        step('publish', { rows: 1, bytes: anyNumber }),
        step('waitAcknowledgements'),
      ],
      tables: [{ table: 'member', sent: 1, received: 1, conflicts: 1, refused: 0 }],
      sites: [
        {
          number: 1,
          name: 'lyon',
          state: 'upToDate',
          rows: 1,
          bytes: anyNumber,
          tables: [{ table: 'member', received: 1, conflicts: 1, refused: 0 }],
        },
      ],
    });
    expect(lyon).toEqual({
      ...head('site', 'lyon'),
      state: 'ok',
      steps: [
        step('check'),
        step('capture', { rows: 1 }),
        step('write', { bytes: anyNumber }),
        step('send', { bytes: anyNumber }),
        step('wait'),
        step('receive', { rows: 1, bytes: anyNumber }),
        step('apply', { rows: 1 }),
        step('acknowledge'),
      ],
      tables: [{ table: 'member', sent: 1, received: 1, conflicts: 0, refused: 0 }],
      sites: [],
    });

    const { id, startedAt, endedAt } = z
      .object({ id: z.string(), startedAt: z.string(), endedAt: z.string() })
      .parse(lyon);
    const line = {
      ...{ id, startedAt, endedAt, state: 'ok', trigger: 'manual' },
      duration: Date.parse(endedAt) - Date.parse(startedAt),
      ...{ sent: 1, received: 1, bytesSent: anyNumber, bytesReceived: anyNumber, conflicts: 0, warnings: 0 },
    };
    expect(await company.json('lyon', 'history')).toEqual({ sessions: [line] });
    expect(await company.json('lyon', 'report', id)).toEqual(lyon);
    expect(await company.json('lyon', 'status')).toEqual({
      role: 'site',
      name: 'lyon',
      departure: '22:00',
      nextDeparture: expect.stringMatching(/^\d{4}-\d\d-\d\dT22:00:00[+-Z]/) as unknown,
      prepared: true,
      pending: 0,
      round: 1,
      sites: null,
      paired: true,
      last: line,
      log: expect.stringMatching(/lyon\/logs\/synchronisation\.log$/) as unknown,
    });
    const examined = await company.run('lyon', 'doctor');
    expect([examined.code, examined.stdout]).toEqual([
      1,
      expect.stringMatching(
        /✘ Port du serveur FTP .+\n {4}Vérifiez que .+[^]+points demandent votre attention\.\n$/,
      ),
    ]);
    const archive = commandLine.subfolder('archive');
    expect(await company.json('lyon', 'support', `${archive}/a.zip`)).toEqual({ file: `${archive}/a.zip` });
    expect(await company.json('hub', 'status')).toMatchObject({
      departure: '23:15',
      round: 1,
      sites: 1,
      paired: null,
    });
    expect(await company.json('hub', 'conflicts')).toEqual({
      conflicts: [
        {
          id: 1,
          at: instant,
          table: 'member',
          kind: 'update',
          rule: 'newest',
          reason: null,
          key: { id: '9007199254740993' },
          winner: {
            site: 1,
            name: 'lyon',
            at: instant,
            row: { id: '9007199254740993', name: 'Anne', photo: 'AQ==' },
          },
          loser: {
            site: 0,
            name: 'hub',
            at: instant,
            row: { id: '9007199254740993', name: 'Anna', photo: null },
          },
          restored: null,
          refused: null,
        },
      ],
    });
    expect(await company.json('hub', 'conflicts', 'retry')).toEqual({ passed: 0, overtaken: 0, waiting: 0 });
    const check = (name: string, state: string, more: object = {}) => ({
      name,
      ok: state !== 'failed',
      state,
      milliseconds: anyNumber,
      message: expect.anything() as unknown,
      remedy: null,
      ...more,
    });
    const remedy = (name: string) => ({ remedy: { key: `remedy.${name}`, params: {} } });
    expect(await company.json('hub', 'test')).toEqual({
      ok: true,
      checks: [
        check('database', 'ok'),
        check('schema', 'ok'),
        check('ftp', 'ok', { message: null }),
        check('port', 'ok'),
        check('certificate', 'ok'),
        check('passivePorts', 'ok'),
        check('address', 'warning', remedy('address')),
        check('clock', 'ok'),
      ],
    });
    const { code, stdout } = await company.run('lyon', 'test', '--json');
    expect(code).toBe(1);
    const params = { host: '127.0.0.1', port: anyNumber, reason: 'ECONNREFUSED' };
    const later = ['certificate', 'login', 'folder', 'data', 'versions', 'schema', 'clock'];
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      checks: [
        check('database', 'ok'),
        check('resolution', 'ok'),
        check('port', 'failed', { message: { key: 'error.hub.unreachable', params }, ...remedy('port') }),
        ...later.map((name) => check(name, 'skipped', { message: null })),
      ],
    });
    expect(await company.json('lyon', 'unprepare')).toEqual({ prepared: false });
    expect(await company.json('lyon', 'status')).toMatchObject({ prepared: false, pending: 0, round: 0 });
    company.close();
  });

  test(
    'an absent site leaves the others partial (2), everyone absent too, a stop is a failure (1)',
    { timeout: 120_000 },
    async () => {
      const company = await Installations.open(commandLine, 'codes', {
        schema: SCHEMA,
        sites: ['lyon', 'paris'],
        settings: { receptionLimit: '0.08', waitLimit: '0.5' },
      });
      company.at('lyon', `INSERT INTO member (id, name) VALUES (7, 'Fay')`);
      const [hub, lyon] = await Promise.all([company.run('hub', 'sync'), company.run('lyon', 'sync')]);
      expect([hub.code, lyon.code]).toEqual([2, 0]);
      expect(hub.stderr).toMatch(/paris n’a pas envoyé ses données à temps/);
      expect(company.contents('hub')).toEqual(company.contents('lyon'));
      expect((await company.run('hub', 'sync')).code).toBe(2);

      const waiting = company.start('lyon', 'sync', '--json');
      await waiting.line('session.site.hubAwaited');
      const second = await company.run('lyon', 'sync');
      expectRefusal(second, 1, /est déjà utilisé par un autre exemplaire/);
      waiting.kill('SIGTERM');
      const stopped = await waiting.ended;
      expect(stopped.code).toBe(1);
      expect(JSON.parse(stopped.stdout)).toMatchObject({ state: 'stopped', error: null });
      company.close();
    },
  );

  test('run serves until SIGTERM, and answers a site that asks', { timeout: 120_000 }, async () => {
    const company = await Installations.open(commandLine, 'run', {
      schema: SCHEMA,
      sites: ['lyon'],
      settings: { receptionLimit: '1', waitLimit: '1' },
    });
    company.at('lyon', `DELETE FROM member WHERE id = 1`);
    const hub = company.start('hub', 'run', '--json');
    // Comes before the hub listens, or after: both must do.
    expect((await company.run('lyon', 'sync')).code).toBe(0);
    await hub.line('session.ended.ok');
    expect(company.contents('hub')).toEqual(company.contents('lyon'));
    // No lock stands in the way of one who only looks.
    expect(await company.json('hub', 'history')).toMatchObject({
      sessions: [{ trigger: 'request', state: 'ok' }],
    });
    expect(await company.json('lyon', 'verify')).toMatchObject({
      tables: [
        { table: 'member', state: 'equal', rowsHere: 1, rowsAtHub: 1 },
        { table: 'visit', state: 'equal' },
      ],
    });
    expect((await company.run('lyon', 'verify', '--table', 'member')).stdout).toMatch(/^member.+1 ligne/);
    hub.kill('SIGTERM');
    const ended = await hub.ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toBe('');
    for (const line of ended.stderr.split('\n')) {
      expect(JSON.parse(line)).toEqual({
        sequence: anyNumber,
        at: instant,
        level: 'info',
        key: expect.stringMatching(/^(session|compare|establishment)\./) as unknown,
        params: expect.any(Object) as unknown,
      });
    }
    company.close();
  });
});

describe.concurrent('bad use', () => {
  const folder = (): string => commandLine.subfolder(`bad-${String(Math.random()).slice(2)}`);
  const init = (data: string, ...more: readonly string[]): Promise<Ended> =>
    commandLine.run('init', '--data', data, ...more);

  /** A folder with settings of a site. */
  async function site(): Promise<string> {
    const data = folder();
    const database = join(data, 'own.db');
    writeFileSync(database, '');
    expect((await init(data, '--role', 'site', '--name', 'lyon', '--database', database)).code).toBe(0);
    return data;
  }

  test('help and version are answers', async () => {
    const version = await commandLine.run('--version');
    expect(version).toMatchObject({ code: 0, stderr: '' });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const args of [[], ['help'], ['sync', '--help'], ['-h']]) {
      const help = await commandLine.run(...args);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(/^synchro — .*Usage : synchro COMMANDE/s);
      expect(help.stdout).toContain('--role hub|site');
    }
  });

  test('what is no command or no option', async () => {
    expectRefusal(await commandLine.run('synchronise'), 3, /La commande synchronise n’existe pas/);
    expectRefusal(await commandLine.run('__proto__'), 3, /La commande __proto__ n’existe pas/);
    expectRefusal(await commandLine.run('sync', '--force'), 3, /Une option de la commande n’est pas valable/);
    expectRefusal(await commandLine.run('sync', '--data'), 3, /Une option de la commande n’est pas valable/);
  });

  test.each([
    [['init', '--role', 'hub'], '--name'],
    [['init', '--name', 'x'], '--role'],
    [['init', '--role', 'hub', '--name', 'x'], '--database'],
    [['pair'], 'CODE'],
    [['report'], 'ID'],
    [['set'], 'KEY'],
    [['set', 'name'], 'VALUE'],
    [['sites', 'add'], 'NAME'],
  ] as const)('%j lacks %s', async (args, what) => {
    const data = await site();
    expectRefusal(
      await commandLine.run(...args, '--data', data),
      3,
      new RegExp(`^Il manque une valeur à la commande\\s: ${what}$`),
    );
  });

  test('bad databases', async () => {
    const data = folder();
    const text = join(data, 'text.db');
    writeFileSync(text, 'not a database at all, and long enough to be read as one'.repeat(20));
    const role = ['--role', 'site', '--name', 'x'];
    expectRefusal(await init(data, ...role, '--database', join(data, 'none.db')), 3, /introuvable/);
    expectRefusal(await init(data, ...role, '--database', text), 3, /n’est pas une base de données/);
    expectRefusal(await init(data, ...role, '--database', 'oracle:x'), 3, /oracle/);
    expectRefusal(await commandLine.run('status', '--data', data), 3, /pas encore configuré/);
  });

  test('settings: already there, unknown, wrong, of the other role, broken', async () => {
    const data = await site();
    const at = ['--data', data];
    const settings = join(data, 'settings.json');
    expect(statSync(settings).mode & 0o077).toBe(0);
    expectRefusal(
      await init(data, '--role', 'site', '--name', 'x', '--database', join(data, 'own.db')),
      3,
      /déjà configuré/,
    );
    expectRefusal(await commandLine.run('set', 'colour', 'red', ...at), 3, /Le réglage colour n’existe pas/);
    expectRefusal(await commandLine.run('set', 'departure', '25:00', ...at), 3, /pas valable\s: departure/);
    expectRefusal(
      await commandLine.run('set', 'waitLimit', '-1', ...at),
      3,
      /pas valable\s: waitLimit|option/,
    );
    expectRefusal(await commandLine.run('sites', 'add', 'x', ...at), 3, /qu’au siège/);
    const content = readFileSync(settings, 'utf8');
    writeFileSync(
      settings,
      content.replace('"22:00"', '"later"').replace('"role": "site"', '"role": "boss"'),
    );
    expectRefusal(
      await commandLine.run('sync', ...at),
      3,
      /2 réglages ne sont pas valables\s: role, schedule\.departures\.0\.time/,
    );
    writeFileSync(settings, content.slice(0, -20));
    expectRefusal(await commandLine.run('sync', ...at), 3, /illisible/);
  });

  test('a pairing code comes by the standard input, broken over lines as mail breaks it', async () => {
    const code = encodePairing({
      ...{ host: 'siege.example.org', port: 2121, fingerprint: null, site: 3, name: 'Lyon', user: 'site-3' },
      secret: 'x'.repeat(43),
    });
    const broken = code.replace(/.{30}/g, '$&\r\n');
    for (const args of [['pair'], ['pair', '-']]) {
      const data = await site();
      const { code: exit, stdout } = await commandLine.feed(`${broken}\n`, ...args, '--data', data, '--json');
      expect([exit, JSON.parse(stdout)]).toEqual([0, { site: 3, host: 'siege.example.org', port: 2121 }]);
    }
    const data = await site();
    expectRefusal(
      await commandLine.feed(code.slice(0, -1), 'pair', '--data', data),
      3,
      /comporte une erreur/,
    );
  });

  test('pairing codes, and synchronising without one', async () => {
    const data = await site();
    const at = ['--data', data];
    expectRefusal(await commandLine.run('pair', 'hello', ...at), 3, /Ce n’est pas un code d’appairage/);
    const { code, stdout } = await commandLine.run('sync', '--json', ...at);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'failed',
      error: { code: 'settings.notPaired', params: {} },
    });
    expectRefusal(await commandLine.run('report', '20260101-000000-000', ...at), 1, /n’existe pas/);
    expectRefusal(await commandLine.run('report', '../settings', ...at), 1, /n’existe pas/);
  });

  test('with --json the refusal is JSON on the standard output', async () => {
    const { code, stdout, stderr } = await commandLine.run('nonsense', '--json');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'cli.unknownCommand',
        params: { command: 'nonsense' },
        message: 'La commande nonsense n’existe pas. Consultez l’aide pour voir la liste des commandes.',
      },
    });
  });
});
