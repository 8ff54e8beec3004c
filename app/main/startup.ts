import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface StartupOptions {
  /** As `process.platform`. */
  readonly platform: string;
  /** What starts this program again: the file and its arguments. */
  readonly command: readonly string[];
  /** Where the desktop looks for what starts with a session; not on Windows. */
  readonly autostart: string;
  /** Runs a program of the system. */
  readonly run: (file: string, args: readonly string[]) => void;
}

const NAME = 'Synchronisation';
const RUN_KEY = String.raw`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`;

/** Starts this program with the user's session, or no more. Told the same twice it does nothing. */
export function createStartup(options: StartupOptions): (wanted: boolean) => void {
  let before = false;
  return (wanted) => {
    if (wanted === before) return;
    before = wanted;
    if (options.platform === 'win32') changeRegistry(options, wanted);
    else changeDesktop(options, wanted);
  };
}

function changeRegistry({ command, run }: StartupOptions, wanted: boolean): void {
  const line = command.map((part) => `"${part}"`).join(' ');
  const entry = [RUN_KEY, '/v', NAME];
  run('reg', wanted ? ['add', ...entry, '/t', 'REG_SZ', '/d', line, '/f'] : ['delete', ...entry, '/f']);
}

function changeDesktop({ command, autostart }: StartupOptions, wanted: boolean): void {
  const file = path.join(autostart, 'synchronisation.desktop');
  if (!wanted) {
    rmSync(file, { force: true });
    return;
  }
  const line = command.map((part) => `"${part.replace(/["\\$`]/g, '\\$&').replaceAll('%', '%%')}"`).join(' ');
  mkdirSync(autostart, { recursive: true });
  writeFileSync(file, `[Desktop Entry]\nType=Application\nName=${NAME}\nExec=${line}\n`);
}

/** For this very system. What goes wrong costs the user no more than having to start the program by hand. */
export function systemStartup(command: readonly string[], home: string): (wanted: boolean) => void {
  const apply = createStartup({
    platform: process.platform,
    command,
    autostart: path.join(process.env['XDG_CONFIG_HOME'] ?? path.join(home, '.config'), 'autostart'),
    run: (file, args) => {
      execFile(file, args, complain);
    },
  });
  return (wanted) => {
    try {
      apply(wanted);
    } catch (error) {
      complain(error);
    }
  };
}

function complain(error: unknown): void {
  if (error !== null) console.error('start with the system not changed', error);
}
