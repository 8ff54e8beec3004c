import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  loadSettings,
  newSettings,
  resolveDatabase,
  resolveSettings,
  saveSettings,
  setSetting,
  SettingsError,
  type SettingsFault,
} from '../../../src/config/settings';

const installation = '0b9b1c1e-8f0e-4c3a-9a57-3d3b6f3f1f10';
const common = { installation, name: 'Lyon', database: 'sqlite:/data/lyon.db' };
const hub = newSettings({ ...common, role: 'hub', port: '2121', address: 'siege.example' });
const paired = {
  ...newSettings({ ...common, role: 'site' }),
  site: {
    ...{ number: 1, host: 'siege.example', port: 21, fingerprint: null, nextFingerprint: null },
    ...{ user: 'site-1', secret: 'Pa55w0rd', code: null },
  },
};

function faultsOf(work: () => unknown): readonly SettingsFault[] {
  try {
    work();
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('new settings', () => {
  test('have every default', () => {
    expect(hub).toEqual({
      ...common,
      version: 2,
      role: 'hub',
      schedule: {
        departures: [{ time: '22:00', days: [1, 2, 3, 4, 5, 6, 7] }],
        timeZone: 'system',
        catchUpMinutes: 180,
      },
      retention: { changes: 30, reports: 400, conflicts: 1100 },
      receptionLimit: 60,
      waitLimit: 120,
      acknowledgementLimit: 30,
      policies: { default: 'newest', tables: {} },
      additive: {},
      hub: {
        port: 2121,
        address: 'siege.example',
        passivePorts: { from: 30_000, to: 30_099 },
        tls: true,
        blocking: { threshold: 5, windowMinutes: 10, durationMinutes: 60, allow: [] },
        pairingDays: 7,
        sites: [],
      },
      site: null,
      bandwidth: null,
      preferences: {
        startWithSystem: false,
        startHidden: false,
        kiosk: false,
        language: 'fr',
        theme: 'system',
      },
      password: null,
      mail: {
        enabled: false,
        host: '',
        port: 587,
        security: 'starttls',
        user: '',
        password: '',
        from: '',
        to: [],
        language: 'fr',
        onSuccess: false,
        onWarning: true,
        silenceHours: 60,
        weeklySummary: null,
      },
    });
    expect(newSettings({ ...common, role: 'site' })).toMatchObject({ hub: null, site: null });
  });

  test('allow addresses and ranges of them, and nothing else', () => {
    const allowing = (allow: readonly string[]): readonly SettingsFault[] =>
      faultsOf(() => resolveSettings({ ...hub, hub: { ...hub.hub, blocking: { allow } } }));
    expect(allowing(['192.168.1.20', '192.168.1.0/24', 'fe80::/10'])).toEqual([]);
    expect(allowing(['siege.example', '10.0.0.0/33', '10.0.0.0/8/8', ' '])).toEqual(
      [0, 1, 2, 3].map((at) => ({
        path: `hub.blocking.allow.${String(at)}`,
        key: 'settings.fault.addressRange',
        params: {},
      })),
    );
  });

  test('that are wrong are told all at once, each with its path', () => {
    const wrong = { ...hub, version: 2, name: ' ', receptionLimit: 0, colour: 'red' };
    const faults = faultsOf(() =>
      resolveSettings({
        ...wrong,
        policies: { default: 'oldest' },
        schedule: { departures: [{ time: '24:00' }, { time: '12:30', days: [1, 1] }], timeZone: 'Mars/Base' },
        mail: { enabled: true, host: 'smtp.example', from: 'not an address' },
        hub: { port: 70_000, passivePorts: { from: 10, to: 9 } },
      }),
    );
    expect(faults).toHaveLength(12);
    expect(faults).toEqual(
      expect.arrayContaining([
        { path: 'name', key: 'settings.fault.empty', params: {} },
        { path: 'schedule.departures.0.time', key: 'settings.fault.time', params: {} },
        { path: 'schedule.departures.1.days', key: 'settings.fault.dayTwice', params: {} },
        { path: 'schedule.timeZone', key: 'settings.fault.timeZone', params: {} },
        { path: 'mail.from', key: 'settings.fault.mailAddress', params: {} },
        { path: 'mail.to', key: 'settings.fault.missing', params: {} },
        { path: 'receptionLimit', key: 'settings.fault.over', params: { minimum: 0 } },
        { path: 'policies.default', key: 'settings.fault.choice', params: { choices: 'newest, hub, site' } },
        { path: 'hub.port', key: 'settings.fault.tooLarge', params: { maximum: 65_535 } },
        { path: 'hub.address', key: 'settings.fault.missing', params: {} },
        { path: 'hub.passivePorts', key: 'settings.fault.portsReversed', params: {} },
        { path: '', key: 'settings.fault.unknown', params: { keys: 'colour' } },
      ]),
    );
  });

  test('of one role have no part of the other', () => {
    expect(faultsOf(() => resolveSettings({ ...hub, hub: null }))).toEqual([
      { path: 'hub', key: 'settings.fault.missing', params: {} },
    ]);
    expect(faultsOf(() => resolveSettings({ ...paired, hub: hub.hub }))).toEqual([
      { path: 'hub', key: 'settings.fault.otherRole', params: {} },
    ]);
    expect(faultsOf(() => resolveSettings({ ...hub, site: paired.site })).map(({ path }) => path)).toEqual([
      'site',
    ]);
  });

  test('never tell a secret', () => {
    const wrong = { ...paired, site: { ...paired.site, port: 'Pa55w0rd', user: 7 } };
    try {
      resolveSettings(wrong);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      expect(error.code).toBe('settings.invalid');
      expect(error.faults.map(({ path }) => path)).toEqual(['site.port', 'site.user']);
      expect(JSON.stringify([error, error.message, error.faults])).not.toContain('Pa55w0rd');
    }
  });

  test('refuse two sites of one number', () => {
    const site = { number: 1, name: 'A', user: 'a', secretHash: 'h', active: true };
    const sites = [site, { ...site, user: 'b' }];
    expect(faultsOf(() => resolveSettings({ ...hub, hub: { ...hub.hub, sites } }))).toEqual([
      { path: 'hub.sites', key: 'settings.fault.siteTwice', params: {} },
    ]);
  });
});

describe('the settings file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'settings-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('gives back what was saved, to its owner alone', async () => {
    await saveSettings(folder, paired);
    expect(await loadSettings(folder)).toEqual(paired);
    if (process.platform !== 'win32')
      expect((await stat(join(folder, 'settings.json'))).mode & 0o777).toBe(0o600);
  });

  test('may be written by Notepad', async () => {
    await writeFile(join(folder, 'settings.json'), `\uFEFF${JSON.stringify(hub)}`);
    expect(await loadSettings(folder)).toEqual(hub);
  });

  test('of the first version keeps its hour of departure', async () => {
    const { schedule, mail, ...rest } = hub;
    expect([schedule, mail]).toHaveLength(2);
    await writeFile(
      join(folder, 'settings.json'),
      JSON.stringify({ ...rest, version: 1, departure: '23:15' }),
    );
    expect(await loadSettings(folder)).toEqual(setSetting(hub, 'departure', '23:15'));
    await writeFile(
      join(folder, 'settings.json'),
      JSON.stringify({ ...rest, version: 1, departure: 'soon' }),
    );
    await expect(loadSettings(folder)).rejects.toMatchObject({
      params: { paths: 'schedule.departures.0.time' },
    });
  });

  test('that is not there, or is no JSON, has an error without its content', async () => {
    await expect(loadSettings(folder)).rejects.toMatchObject({ code: 'settings.missing' });
    await writeFile(join(folder, 'settings.json'), '{"secret": Pa55w0rd');
    const error: unknown = await loadSettings(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'settings.unreadable', params: { reason: 'JSON' } });
    expect(error).not.toHaveProperty('cause', expect.anything());
  });

  test('is never replaced by wrong settings', async () => {
    await saveSettings(folder, hub);
    const wrong = { ...hub, schedule: { ...hub.schedule, departures: [{ time: 'soon', days: [1] }] } };
    await expect(saveSettings(folder, wrong)).rejects.toBeInstanceOf(SettingsError);
    expect(JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8'))).toEqual(hub);
  });
});

const departures = (...list: readonly object[]): object => ({ schedule: { departures: list } });

describe('setting one value', () => {
  test.each<[string, string, object]>([
    ['departure', '06:30', departures({ time: '06:30', days: [1, 2, 3, 4, 5, 6, 7] })],
    [
      'schedule.departures',
      '22:00, 12:30/15',
      departures({ time: '22:00', days: [1, 2, 3, 4, 5, 6, 7] }, { time: '12:30', days: [1, 5] }),
    ],
    ['schedule.timeZone', 'America/Cayenne', { schedule: { timeZone: 'America/Cayenne' } }],
    ['schedule.catchUpMinutes', '0', { schedule: { catchUpMinutes: 0 } }],
    ['mail.to', 'a@example.org, b@example.org', { mail: { to: ['a@example.org', 'b@example.org'] } }],
    ['mail.onSuccess', 'true', { mail: { onSuccess: true } }],
    ['mail.port', '465', { mail: { port: 465 } }],
    ['mail.password', '007', { mail: { password: '007' } }],
    ['mail.weeklySummary', '1 08:00', { mail: { weeklySummary: { day: 1, time: '08:00' } } }],
    ['mail.weeklySummary', 'none', { mail: { weeklySummary: null } }],
    ['receptionLimit', '0.5', { receptionLimit: 0.5 }],
    ['name', '12', { name: '12' }],
    ['hub.port', '2200', { hub: { port: 2200, address: 'siege.example' } }],
    ['hub.passivePorts.from', '29000', { hub: { passivePorts: { from: 29_000, to: 30_099 } } }],
    ['retention.changes', '90', { retention: { changes: 90, reports: 400, conflicts: 1100 } }],
    ['policies.default', 'hub', { policies: { default: 'hub' } }],
    ['policies.tables.dbo.client', 'site', { policies: { tables: { 'dbo.client': 'site' } } }],
    ['additive.dbo.stock', 'quantity, on order', { additive: { 'dbo.stock': ['quantity', 'on order'] } }],
    ['database', 'sqlite:/x.db', { database: 'sqlite:/x.db' }],
  ])('%s %s', (key, value, expected) => {
    expect(setSetting(hub, key, value)).toMatchObject(expected);
  });

  test('changes nothing else', () => {
    expect(setSetting(hub, 'waitLimit', '30')).toEqual({ ...hub, waitLimit: 30 });
    expect(setSetting(hub, 'mail.host', 'smtp.example')).toEqual({
      ...hub,
      mail: { ...hub.mail, host: 'smtp.example' },
    });
  });

  test.each([
    ['changes', '6', 'settings.fault.tooSmall'],
    ['conflicts', '29', 'settings.fault.tooSmall'],
    ['reports', '40000', 'settings.fault.tooLarge'],
    ['reports', '7.5', 'settings.fault.type'],
  ])('keeps the retention of %s within bounds: %s', (term, value, key) => {
    const path = `retention.${term}`;
    expect(() => setSetting(hub, path, value)).toThrow(
      expect.objectContaining({ faults: [expect.objectContaining({ path, key })] }),
    );
  });

  test('gives a site a limit for its line, at some hours or at all', () => {
    const limitOf = (value: string): unknown => setSetting(paired, 'bandwidth', value).bandwidth;
    expect(limitOf('500 08:00-19:00')).toEqual({ limit: 500, from: '08:00', to: '19:00' });
    expect(limitOf('64')).toEqual({ limit: 64, from: '00:00', to: '00:00' });
    expect(limitOf('none')).toBeNull();
    for (const wrong of ['', '8', 'fast', '500 08:00', '500 8-19', '500 08:00-25:00'])
      expect([wrong, faultsOf(() => setSetting(paired, 'bandwidth', wrong)).length]).not.toEqual([wrong, 0]);
    expect(faultsOf(() => setSetting(hub, 'bandwidth', '500'))).toEqual([
      { path: 'bandwidth', key: 'settings.fault.otherRole', params: {} },
    ]);
  });

  test('can make a table follow the others again', () => {
    const set = setSetting(setSetting(hub, 'policies.tables.a', 'hub'), 'policies.tables.b', 'site');
    expect(setSetting(set, 'policies.tables.a', 'default').policies.tables).toEqual({ b: 'site' });
  });

  test('can make the columns of a table ordinary again', () => {
    const set = setSetting(setSetting(hub, 'additive.a', 'x'), 'additive.b', 'y');
    expect(setSetting(set, 'additive.a', 'none').additive).toEqual({ b: ['y'] });
    expect(() => setSetting(paired, 'additive.a', 'x')).toThrow(
      expect.objectContaining({ code: 'settings.unknownKey' }),
    );
  });

  test.each(['role', 'installation', 'site.secret', 'hub.sites', 'nothing', 'policies.tables.', '__proto__'])(
    'refuses the key %s',
    (key) => {
      expect(() => setSetting(hub, key, 'x')).toThrow(
        expect.objectContaining({ code: 'settings.unknownKey' }),
      );
    },
  );

  test("refuses a hub's key at a site", () => {
    expect(() => setSetting(paired, 'hub.port', '21')).toThrow(
      expect.objectContaining({ code: 'settings.unknownKey' }),
    );
  });

  test.each([
    ['receptionLimit', ''],
    ['receptionLimit', '-1'],
    ['receptionLimit', '1e3'],
    ['hub.port', '21.5'],
    ['departure', '6:30'],
    ['schedule.departures', ''],
    ['schedule.departures', '22:00/08'],
    ['schedule.departures', '22:00 25:00'],
    ['schedule.timeZone', 'Paris'],
    ['mail.onSuccess', 'yes'],
    ['mail.to', 'a@example.org nobody'],
    ['mail.weeklySummary', '8 08:00'],
    ['mail.weeklySummary', 'monday'],
    ['policies.default', 'oldest'],
    ['policies.tables.client', 'oldest'],
    ['additive.client', 'sum, sum'],
  ])('refuses %s "%s"', (key, value) => {
    const paths = faultsOf(() => setSetting(hub, key, value)).map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set([key]));
  });
});

test.skipIf(process.platform === 'win32')('a database gets its absolute path', () => {
  expect(resolveDatabase('sqlite:data/a.db', '/home/x')).toBe('sqlite:/home/x/data/a.db');
  expect(resolveDatabase('sqlite:/a.db', '/home/x')).toBe('sqlite:/a.db');
  expect(resolveDatabase('sqlite:///a.db', '/home/x')).toBe('sqlite:/a.db');
  expect(resolveDatabase('a.db', '/home/x')).toBe('sqlite:/home/x/a.db');
  expect(resolveDatabase('mssql://host/db', '/home/x')).toBe('mssql://host/db');
});
