import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createStartup } from '../../../app/main/startup';

test('a desktop file starts the program with the session, until it is not wanted any more', () => {
  const home = mkdtempSync(join(tmpdir(), 'startup-'));
  const autostart = join(home, 'autostart');
  const file = join(autostart, 'synchronisation.desktop');
  const command = ['/opt/a "b" 100%/nw', '--data=/x y'];
  const startup = createStartup({ platform: 'linux', command, autostart, run: () => undefined });
  startup(false);
  expect(existsSync(file)).toBe(false);
  startup(true);
  expect(readFileSync(file, 'utf8')).toContain('Exec="/opt/a \\"b\\" 100%%/nw" "--data=/x y"\n');
  startup(false);
  expect(existsSync(file)).toBe(false);
  rmSync(home, { recursive: true });
});

test('an entry of the registry does on Windows, written once', () => {
  const ran: string[] = [];
  const startup = createStartup({
    platform: 'win32',
    command: ['C:\\Program Files\\S\\s.exe'],
    autostart: '',
    run: (file, args) => ran.push([file, ...args].join(' ')),
  });
  startup(true);
  startup(true);
  startup(false);
  const entry = String.raw`HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v Synchronisation`;
  expect(ran).toEqual([
    `reg add ${entry} /t REG_SZ /d "C:\\Program Files\\S\\s.exe" /f`,
    `reg delete ${entry} /f`,
  ]);
});
