import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { dataArgument, findDataFolder } from '../../../src/config/find-data-folder';

afterEach(() => vi.unstubAllEnvs());

test('the argument comes first, from the folder where the program was started', () => {
  vi.stubEnv('SYNCHRO_DATA', '/elsewhere');
  expect(findDataFolder('here', '/start')).toBe(path.resolve('/start', 'here'));
  expect(findDataFolder('/there', '/start')).toBe(path.resolve('/there'));
  expect(dataArgument(['--data', 'here'])).toBe('here');
  expect(dataArgument(['--data=/there'])).toBe('/there');
  expect(dataArgument(['--hidden'])).toBeUndefined();
});

test('then the environment, then the user’s own folder', () => {
  vi.stubEnv('SYNCHRO_DATA', '/elsewhere');
  expect(findDataFolder(undefined, '/start')).toBe(path.resolve('/elsewhere'));
  vi.stubEnv('SYNCHRO_DATA', '');
  vi.stubEnv('XDG_DATA_HOME', undefined);
  vi.stubEnv('LOCALAPPDATA', undefined);
  const expected =
    process.platform === 'win32' ? 'AppData/Local/Synchronisation' : '.local/share/synchronisation';
  expect(findDataFolder(undefined, '/start')).toBe(path.join(os.homedir(), expected));
});
