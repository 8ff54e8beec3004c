import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { findDataFolder } from '../../../app/main/data-folder';

afterEach(() => vi.unstubAllEnvs());

test('the argument comes first, from the folder where the program was started', () => {
  vi.stubEnv('SYNCHRO_DATA', '/elsewhere');
  expect(findDataFolder(['--data', 'here'], '/start')).toBe(path.resolve('/start', 'here'));
  expect(findDataFolder(['--data=/there'], '/start')).toBe(path.resolve('/there'));
});

test('then the environment, then the user’s own folder', () => {
  vi.stubEnv('SYNCHRO_DATA', '/elsewhere');
  expect(findDataFolder([], '/start')).toBe(path.resolve('/elsewhere'));
  vi.stubEnv('SYNCHRO_DATA', '');
  vi.stubEnv('XDG_DATA_HOME', undefined);
  vi.stubEnv('LOCALAPPDATA', undefined);
  const expected =
    process.platform === 'win32' ? 'AppData/Local/Synchronisation' : '.local/share/synchronisation';
  expect(findDataFolder([], '/start')).toBe(path.join(os.homedir(), expected));
});
