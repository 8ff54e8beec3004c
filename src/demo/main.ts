import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT } from '../commands/context';
import { parts } from '../main';
import { SyncError } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import { runDemo, translate } from './demo';
import type { Terminal } from './terminal';
import { findWindowProgram } from './windows';

const terminal: Terminal = {
  interactive: process.stdout.isTTY,
  // Some terminals have no word for their width.
  columns: process.stdout.columns > 0 ? process.stdout.columns : 80,
  write: (text) => void process.stdout.write(text),
};

const options = {
  folder: { type: 'string' },
  /** No windows, even where there is a display. */
  terminal: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** `npm run demo`: resolves to the exit code, as those of the command line. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const values = parse(args);
    if (values.help) {
      terminal.write(`${translate('demo.help')}\n`);
      return EXIT.complete;
    }
    const folder = emptyFolder(values.folder);
    if (folder === null) {
      terminal.write(`${translate('demo.folderInUse', { folder: values.folder ?? '' })}\n`);
      return EXIT.badUse;
    }
    const windows = values.terminal ? null : findWindowProgram(join(__dirname, 'app'));
    const { complete } = await runDemo({ parts, folder, terminal, windows });
    return complete ? EXIT.complete : EXIT.failed;
  } catch (error) {
    const { code, params } = toSyncError(error);
    process.stderr.write(`${translate(`error.${code}`, params)}\n`);
    return code.startsWith('cli.') ? EXIT.badUse : EXIT.failed;
  }
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options }>>['values'] {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    const detail = error instanceof Error ? error.message : '';
    throw new SyncError('cli.badOption', { params: { detail }, cause: error });
  }
}

/** The folder given, or a new one of the system's temporary folder. Null where it has something in it. */
function emptyFolder(given: string | undefined): string | null {
  if (given === undefined) return mkdtempSync(join(tmpdir(), 'synchronisation-demo-'));
  const folder = resolve(given);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).length === 0 ? folder : null;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
