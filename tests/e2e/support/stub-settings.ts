/** The stub's configuration, tables and establishments. */
import { writeFileSync } from 'node:fs';
import type { EngineCalls, SettingsCalls } from '../../../src/engine/contract';
import { now, type Stub } from './stub';
import { APPLICATION, settingsOf, siteLines, tablesView } from './stub-data';

const EMPTY_NAME = { path: 'name', key: 'settings.fault.empty', params: {} };
const CODE = { code: 'sync2.WyJzaXRlIl0.12345678', expiresAt: '2026-12-01T21:04:00Z' };

export function settingsCalls({ role, options }: Stub): SettingsCalls {
  return {
    settings: () => Promise.resolve(settingsOf(options)),
    validateSettings: ({ name }) => Promise.resolve(name.trim() === '' ? [EMPTY_NAME] : []),
    saveSettings: () => Promise.resolve([]),
    initialise: () => Promise.resolve([]),
    testDatabase: (address) => Promise.resolve({ address, tables: 3, excluded: 1, prepared: 'no' }),
    sendTestMail: now(() => undefined),
    tables: () => Promise.resolve(tablesView(role)),
    prepare: () => Promise.resolve(tablesView(role)),
    unprepare: () => Promise.resolve(tablesView(role)),
    sites: () => Promise.resolve(siteLines()),
    addSite: (name) => Promise.resolve({ site: 4, name, ...CODE }),
    renewSite: (site) => Promise.resolve({ site, name: 'Lyon', ...CODE }),
    renameSite: now(() => undefined),
    retireSite: now(() => undefined),
    pair: now(() => undefined),
    unlock: now(() => undefined),
    lock: now(() => undefined),
    setPassword: now(() => undefined),
  };
}

export function informationCalls(
  dataFolder: string,
): Pick<EngineCalls, 'information' | 'examine' | 'writeSupport'> {
  return {
    examine: () => Promise.resolve([]),
    writeSupport: (file, host) => {
      writeFileSync(file, JSON.stringify(host));
      return Promise.resolve();
    },
    information: (host) =>
      Promise.resolve({
        application: APPLICATION,
        versions: { ...host, node: '20.19.9', system: 'linux 6.1.0 x64' },
        licences: ['basic-ftp', 'birpc', 'chart.js', 'element-plus', 'luxon', 'pinia', 'print-js', 'vue'].map(
          (name) => ({ name, version: '1.2.3', licence: 'MIT' }),
        ),
        paths: {
          data: dataFolder,
          logs: `${dataFolder}/logs/synchronisation.log`,
          database: 'sqlite:/srv/gym/gym.db',
        },
        support: JSON.stringify({ application: APPLICATION, host }),
      }),
  };
}
