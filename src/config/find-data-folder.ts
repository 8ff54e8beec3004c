import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** `--data DIR` or `--data=DIR` in the arguments of the window. */
export function dataArgument(argv: readonly string[]): string | undefined {
  const joined = argv.find((value) => value.startsWith('--data='));
  if (joined !== undefined) return joined.slice('--data='.length);
  const index = argv.indexOf('--data');
  return index === -1 ? undefined : argv[index + 1];
}

/**
 * The folder that is given, else SYNCHRO_DATA, else the user's own where an installation is in it, else that of the
 * machine's service where this user may look into it, else the user's own.
 */
export function findDataFolder(given: string | undefined, startFolder: string): string {
  const named = given ?? process.env['SYNCHRO_DATA'];
  if (named !== undefined && named !== '') return path.resolve(startFolder, named);
  const isInstalled = (folder: string): boolean => existsSync(path.join(folder, 'settings.json'));
  return [userFolder(), machineFolder()].find(isInstalled) ?? userFolder();
}

/** The user's own. */
export function userFolder(): string {
  if (process.platform === 'win32') {
    const local = process.env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local');
    return path.join(local, 'Synchronisation');
  }
  const data = process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share');
  return path.join(data, 'synchronisation');
}

/** Where a service keeps its data, as README has it. */
function machineFolder(): string {
  return process.platform === 'win32'
    ? path.join(process.env['ProgramData'] ?? String.raw`C:\ProgramData`, 'Synchronisation')
    : '/var/lib/synchronisation';
}
