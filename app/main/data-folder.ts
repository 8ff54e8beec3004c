import os from 'node:os';
import path from 'node:path';

/** `--data DIR` or `--data=DIR` in the arguments, else SYNCHRO_DATA, else a folder of the system's own. */
export function findDataFolder(argv: readonly string[], startFolder: string): string {
  const given = argument(argv, '--data') ?? process.env['SYNCHRO_DATA'];
  return given === undefined || given === '' ? defaultDataFolder() : path.resolve(startFolder, given);
}

function argument(argv: readonly string[], name: string): string | undefined {
  const joined = argv.find((value) => value.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const index = argv.indexOf(name);
  return index === -1 ? undefined : argv[index + 1];
}

function defaultDataFolder(): string {
  if (process.platform === 'win32') {
    const local = process.env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local');
    return path.join(local, 'Synchronisation');
  }
  const data = process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share');
  return path.join(data, 'synchronisation');
}
