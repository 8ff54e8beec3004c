import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { SiteLine } from '../../src/engine/contract';
import type { LinkOptions, Parts, ServerOptions } from '../../src/engine/parts';
import { set } from '../../src/commands/setup';
import { parts } from '../../src/main';
import { systemClock, type Clock } from '../../src/shared/clock';
import { SyncError } from '../../src/shared/errors';
import { createHubServer } from '../../src/transport/hub/hub-server';
import type { SiteSecrets } from '../../src/transport/port';
import { decodePairing, type Pairing } from '../../src/transport/pairing';
import { hashPassword, hashSecret } from '../../src/transport/secrets';
import { EngineCompany, type RunningEngine } from '../support/engines';
import { RawFtp } from '../support/raw-ftp';

const never = new AbortController().signal;
const DAYS = 24 * 60;
let company: EngineCompany;
afterEach(() => company.close());

/** The company's time, but what waits for an answer waits as long as it does in earnest. */
const clock: Clock = { now: () => company.now(), delay: (...args) => systemClock.delay(...args) };

/** The hub's own server; a wrong login is answered at once. */
const quickServer = (options: ServerOptions): ReturnType<Parts['createServer']> =>
  createHubServer({ ...options, tarpitMilliseconds: 1 });

interface Found {
  readonly hub: RunningEngine;
  /** What the last code of Lyon holds. */
  readonly code: Pairing;
  readonly line: string;
}

/** A hub that serves, and Lyon, which has taken its code and has not connected yet. */
async function found(changes: Partial<Parts> = {}): Promise<Found> {
  company = await EngineCompany.open({
    schema: `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT)`,
    sites: ['lyon', 'thief'],
    settings: { waitLimit: '1', receptionLimit: '0.2', acknowledgementLimit: '0.2' },
  });
  for (const name of ['lyon', 'thief']) company.changeParts(name, { clock });
  company.changeParts('hub', { createServer: quickServer, ...changes });
  const hub = await company.start('hub');
  await hub.engine.serve();
  const { code: line } = await hub.engine.renewSite(1);
  await company.pair('lyon', line);
  return { hub, line, code: decodePairing(line) };
}

const settingsOf = (name: string): { site: { secret: string; code: string | null } } =>
  JSON.parse(readFileSync(join(company.post(name).data, 'settings.json'), 'utf8')) as never;

/** What a session's check says that a site does first: it asks the hub for its status. */
async function connect(name: string): Promise<string> {
  const { engine } = await company.start(name);
  try {
    const results = await engine.test();
    const login = results.find((result) => result.name === 'login');
    return login?.state === 'ok' ? 'ok' : (login?.message?.key ?? login?.state ?? '');
  } finally {
    await company.stop(name);
  }
}

/** A line by hand, and what the hub says to this user and secret. */
async function logIn(port: number, user: string, secret: string): Promise<[RawFtp, string]> {
  const line = await RawFtp.open(port);
  await line.reply();
  await line.command('AUTH TLS');
  await line.startTls();
  await line.command(`USER ${user}`);
  return [line, (await line.command(`PASS ${secret}`)) ?? ''];
}

const lyonAt = async ({ engine }: RunningEngine): Promise<SiteLine | undefined> =>
  (await engine.sites()).find(({ number }) => number === 1);

describe('a pairing code', () => {
  test('opens the hub once: a stolen one that was used is worth nothing', async () => {
    const { hub, code, line } = await found();
    expect(await lyonAt(hub)).toMatchObject({ code: { expired: false } });
    expect(await connect('lyon')).toBe('ok');
    expect(settingsOf('lyon').site.code).toBeNull();
    expect(settingsOf('lyon').site.secret).not.toBe(code.secret);
    expect((await hub.logged('establishment.linked')).params).toEqual({ site: 'lyon' });
    expect(await lyonAt(hub)).toMatchObject({ code: null });

    const [thief, answer] = await logIn(code.port, code.user, code.secret);
    expect(answer).toBe('530 This code was used already');
    thief.close();
    await company.pair('thief', line);
    expect(await connect('thief')).toBe('error.hub.codeUsed');
    expect((await hub.logged('establishment.code.used')).params).toEqual({ site: 'lyon' });
    expect(await connect('lyon')).toBe('ok');
  });

  test('that somebody else used first is told to whom it was meant for', async () => {
    const { line } = await found();
    await company.pair('thief', line);
    expect(await connect('thief')).toBe('ok');
    expect(await connect('lyon')).toBe('error.hub.codeUsed');
  });

  test('lets its holder leave a secret, and do nothing else', async () => {
    const { code } = await found();
    const [line, answer] = await logIn(code.port, code.user, code.secret);
    expect(answer).toMatch(/^230 /);
    for (const command of ['CWD /rounds', 'SIZE /status.json', 'EPSV', 'RETR /status.json', 'USER site-2'])
      expect([command, await line.command(command)]).toEqual([command, expect.stringMatching(/^530 /)]);
    for (const command of ['SITE', 'SITE SECRET', 'SITE SECRET short', 'SITE CHMOD 777 /'])
      expect([command, await line.command(command)]).toEqual([command, expect.stringMatching(/^502 /)]);
    line.close();
    expect(await connect('lyon')).toBe('ok');
    const [lasting] = await logIn(code.port, code.user, settingsOf('lyon').site.secret);
    expect(await lasting.command(`SITE SECRET ${'x'.repeat(43)}`)).toMatch(/^503 /);
    lasting.close();
  });

  test('expires after the days that are set; a site that was in time stays', async () => {
    const { hub, code } = await found();
    company.advance(8 * DAYS);
    expect(await lyonAt(hub)).toMatchObject({ code: { expired: true } });
    expect(await connect('lyon')).toBe('error.hub.codeExpired');
    expect((await hub.logged('establishment.code.expired')).params).toEqual({ site: 'lyon' });

    await company.command('hub', (context) => set(context, 'hub.pairingDays', '30'));
    const { code: line, expiresAt } = await hub.engine.renewSite(1);
    expect(Date.parse(expiresAt) - company.now()).toBeGreaterThan(29 * DAYS * 60_000);
    await company.pair('lyon', line);
    company.advance(20 * DAYS);
    expect(await connect('lyon')).toBe('ok');
    company.advance(400 * DAYS);
    expect(await connect('lyon')).toBe('ok');
    expect(code.secret).not.toBe(decodePairing(line).secret);
  });

  test('replaces the former secret at once, also on a line that is open', async () => {
    const { hub, code } = await found();
    expect(await connect('lyon')).toBe('ok');
    const former = settingsOf('lyon').site.secret;
    const [line, welcome] = await logIn(code.port, code.user, former);
    expect(welcome).toMatch(/^230 /);
    await hub.engine.renewSite(1);
    expect(await line.reply()).toBeUndefined();
    expect(await connect('lyon')).toBe('error.hub.login');
  });
});

test('an establishment that is retired is refused at once, its code and its transfer under way too', async () => {
  const { hub, code } = await found();
  const link = parts.createLink({ ...code, code: code.secret, secret: 's'.repeat(43) });
  expect((await link.status(never)).site.number).toBe(1);
  await hub.engine.retireSite(1);
  await expect(link.status(never)).rejects.toMatchObject({ retryable: true });
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.login', retryable: false });
  link.close();
  expect(await connect('lyon')).toBe('error.hub.login');
});

describe('whatever is cut while a code gives way to a lasting secret, nobody is locked out', () => {
  type Cut = (secrets: SiteSecrets) => SiteSecrets;
  const failing = (): never => {
    throw new Error('power cut');
  };
  const after = async <T>(work: Promise<T>): Promise<T> => {
    await work;
    return failing();
  };
  const atHub: readonly (readonly [string, Cut])[] = [
    ['before the hub keeps the secret', (real) => ({ ...bound(real), left: failing })],
    [
      'when it has kept it, before it answers',
      (real) => ({ ...bound(real), left: (...args) => after(real.left(...args)) }),
    ],
    ['before it knows that the site has it', (real) => ({ ...bound(real), proven: failing })],
    [
      'when it knows, before it answers',
      (real) => ({ ...bound(real), proven: (...args) => after(real.proven(...args)) }),
    ],
  ];
  const bound = (real: SiteSecrets): SiteSecrets => ({
    left: (...args) => real.left(...args),
    proven: (...args) => real.proven(...args),
    rehashed: (...args) => real.rehashed(...args),
    refused: (...args) => real.refused(...args),
  });

  test('at the hub', async () => {
    let cut: Cut = (real) => real;
    const createServer = (options: ServerOptions): ReturnType<Parts['createServer']> => {
      const secrets: SiteSecrets = {
        left: (...args) => cut(options.secrets).left(...args),
        proven: (...args) => cut(options.secrets).proven(...args),
        rehashed: (...args) => options.secrets.rehashed(...args),
        refused: (...args) => options.secrets.refused(...args),
      };
      return quickServer({ ...options, secrets });
    };
    let { hub } = await found({ createServer });
    for (const [where, broken] of atHub) {
      const { code: line } = await hub.engine.renewSite(1);
      await company.pair('lyon', line);
      const code = decodePairing(line);
      cut = broken;
      expect([where, await connect('lyon')]).not.toEqual([where, 'ok']);
      expect([where, settingsOf('lyon').site.code]).toEqual([where, code.secret]);
      cut = (real) => real;
      await company.stop('hub');
      hub = await company.start('hub');
      await hub.engine.serve();
      expect([where, await connect('lyon'), settingsOf('lyon').site.code]).toEqual([where, 'ok', null]);
      expect([where, await connect('lyon')]).toEqual([where, 'ok']);
      const [thief, answer] = await logIn(code.port, code.user, code.secret);
      expect([where, answer]).toEqual([where, '530 This code was used already']);
      thief.close();
    }
  });

  test('before the site knows that the hub has taken it', async () => {
    const { code } = await found();
    const broken = ({ memory, ...options }: LinkOptions): LinkOptions =>
      memory === undefined
        ? options
        : {
            ...options,
            memory: { ...memory, secretTaken: () => Promise.reject(new SyncError('disk.full')) },
          };
    company.changeParts('lyon', { clock, createProbe: (options) => parts.createProbe(broken(options)) });
    expect(await connect('lyon')).toBe('error.disk.full');
    company.changeParts('lyon', { clock });
    expect(settingsOf('lyon').site.code).toBe(code.secret);
    expect(await connect('lyon')).toBe('ok');
    expect(settingsOf('lyon').site.code).toBeNull();
  });

  test('settings that were being saved meanwhile do not bring the code back', async () => {
    await found();
    const other = company.backUp('lyon', 'other.db');
    let onSaving: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const saving = new Promise<void>((resolve) => (onSaving = resolve));
    const connected = new Promise<void>((resolve) => (goOn = resolve));
    company.changeParts('lyon', {
      clock,
      openDatabase: async (address) => {
        if (address === `sqlite:${other}`) {
          onSaving();
          await connected;
        }
        return parts.openDatabase(address);
      },
    });
    const { engine } = await company.start('lyon');
    const { values } = await engine.settings();
    if (values === null) throw new Error('no settings');
    const saved = engine.saveSettings({ ...values, database: `sqlite:${other}` });
    await saving;
    await engine.test();
    expect(settingsOf('lyon').site.code).toBeNull();
    goOn();
    expect(await saved).toEqual([]);
    await company.stop('lyon');
    expect(settingsOf('lyon')).toMatchObject({ database: `sqlite:${other}`, site: { code: null } });
    expect(await connect('lyon')).toBe('ok');
  });
});

/** Settings as an older version wrote them: what is undefined here was not there. */
function rewrite(name: string, part: 'hub' | 'site', changes: Record<string, unknown>): void {
  const file = join(company.post(name).data, 'settings.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<'hub' | 'site', object>;
  writeFileSync(file, JSON.stringify({ ...settings, [part]: { ...settings[part], ...changes } }));
}

test('installations that were paired before codes opened once go on working', async () => {
  const { hub } = await found();
  await company.stop('hub');
  const secretHash = await hashPassword('of old');
  const account = { number: 1, name: 'lyon', user: 'site-1', secretHash, active: true };
  rewrite('hub', 'hub', { pairingDays: undefined, sites: [account] });
  rewrite('lyon', 'site', { code: undefined, nextFingerprint: undefined, secret: 'of old' });
  const again = await company.start('hub');
  await again.engine.serve();
  expect(await connect('lyon')).toBe('ok');
  expect(settingsOf('lyon').site).toMatchObject({ secret: 'of old' });
  // Strangers could have the hub compute the hash of old without end: from the first login on it keeps another.
  expect(readFileSync(join(company.post('hub').data, 'logins.json'), 'utf8')).toContain(hashSecret('of old'));
  await company.stop('lyon');
  expect(await connect('lyon')).toBe('ok');
  expect(hub.checks).toEqual([]);
});

test('secrets stand where they must, and nowhere else', async () => {
  const { hub, code, line } = await found();
  company.at('lyon', `INSERT INTO member VALUES (1, 'Anne')`);
  const site = await company.start('lyon');
  const report = await site.engine.synchronise('manual');
  expect(report.state).not.toBe('failed');
  const told = [
    report,
    ...(await Promise.all(
      [hub, site].flatMap(({ engine }) => [
        engine.settings(),
        engine.overview(),
        engine.log(),
        engine.information({}),
        engine.test(),
        engine.history({ limit: 100 }),
      ]),
    )),
    await hub.engine.sites(),
  ];
  await company.stop('lyon');
  await company.stop('hub');
  const lasting = settingsOf('lyon').site.secret;
  const secrets = [line, code.secret, lasting, line.split('.')[1] ?? ''];
  const holding = (text: string): boolean => secrets.some((secret) => text.includes(secret));
  const holders = ['hub', 'lyon'].flatMap((name) => {
    const { data, path } = company.post(name);
    const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).map((file) => join(data, file));
    return [path, ...files].filter(
      (file) => statSync(file).isFile() && holding(readFileSync(file, 'latin1')),
    );
  });
  expect(holders).toEqual([join(company.post('lyon').data, 'settings.json')]);
  expect(told.length).toBeGreaterThan(10);
  expect(told.map((each) => JSON.stringify(each)).filter(holding)).toEqual([]);
  for (const file of ['hub/settings.json', 'hub/logins.json', 'hub/tls/hub-tls.pem', 'lyon/settings.json'])
    expect([file, statSync(join(company.post('hub').data, '..', file)).mode & 0o777]).toEqual([file, 0o600]);
});
