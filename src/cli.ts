import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import cliTexts from '../locales/fr/cli.json';
import engineTexts from '../locales/fr/engine.json';
import { answer, EXIT, exitOf, type CommandContext } from './commands/context';
import { doctor, support } from './commands/doctor';
import { conflicts, history, report, retryConflicts, status } from './commands/inspect';
import { testMail } from './commands/mail';
import { resend, snapshot, startFrom } from './commands/recovery';
import { run, sync, test } from './commands/sessions';
import { addSite, init, listSites, pair, renewSite, set } from './commands/setup';
import { prepare, tables, unprepare } from './commands/tracking';
import { verify } from './commands/verify';
import { findDataFolder } from './config/find-data-folder';
import { parts } from './main';
import { SyncError } from './shared/errors';
import { toSyncError } from './shared/to-sync-error';
import { createTranslator } from './shared/translate';

const translate = createTranslator(engineTexts, cliTexts);

const options = {
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  role: { type: 'string' },
  name: { type: 'string' },
  database: { type: 'string' },
  port: { type: 'string' },
  address: { type: 'string' },
  table: { type: 'string' },
  repair: { type: 'string' },
} as const;

type Values = ReturnType<typeof parse>['values'];
type Command = (context: CommandContext, args: readonly string[], values: Values) => Promise<number>;

const parse = (argv: readonly string[]) =>
  parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });

const commands: Readonly<Record<string, Command>> = {
  init: (context, _, { role, name, database, port, address }) =>
    init(context, {
      role: required('--role', role),
      name: required('--name', name),
      database: required('--database', database),
      ...(port === undefined ? {} : { port }),
      ...(address === undefined ? {} : { address }),
    }),
  tables,
  prepare,
  unprepare,
  sites: (context, [action, name]) => {
    if (action === 'add') return addSite(context, required('NAME', name));
    return action === 'renew' ? renewSite(context, required('NAME', name)) : listSites(context);
  },
  pair: async (context, [code = '-']) => pair(context, code === '-' ? await pairingCode(context) : code),
  run,
  sync: (context) => sync(context),
  recover: (context) => sync(context, { recover: true }),
  snapshot: (context, [file]) => snapshot(context, required('FILE', file), firstLine),
  'start-from': (context, [source]) => startFrom(context, required('hub | FILE', source), firstLine),
  resend: (context, [date]) => resend(context, required('DATE', date)),
  test,
  verify: (context, _, { table, repair }) =>
    verify(context, {
      ...(table === undefined ? {} : { table }),
      ...(repair === undefined ? {} : { repair }),
    }),
  mail: (context, [action]) => {
    if (action !== 'test') throw new SyncError('cli.missing', { params: { what: 'test' } });
    return testMail(context);
  },
  doctor: (context) => doctor(context),
  support: (context, [file]) => support(context, file),
  status,
  history,
  report: (context, [id]) => report(context, required('ID', id)),
  conflicts: (context, [action]) => {
    if (action === undefined) return conflicts(context);
    if (action !== 'retry') throw new SyncError('cli.missing', { params: { what: 'retry' } });
    return retryConflicts(context);
  },
  set: (context, [key, value]) => set(context, required('KEY', key), required('VALUE', value)),
};

function required(what: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new SyncError('cli.missing', { params: { what } });
  return value;
}

/** A passphrase comes by the standard input: the command line is there for everyone to see. */
async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line;
  return '';
}

/** As many lines as the code was broken into; ended by an empty line where somebody pastes it by hand. */
async function pairingCode({ tell }: CommandContext): Promise<string> {
  if (process.stdin.isTTY) tell(translate('cli.pair.paste'));
  let text = '';
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '' && text !== '') break;
    text += line;
  }
  return required('CODE', text.trim());
}

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const { values, positionals } = parseCall(argv);
    const [name = 'help', ...args] = positionals;
    if (values.version === true) return say(print, parts.application);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (values.help === true || name === 'help') return say(print, translate('cli.help'));
    if (command === undefined) throw new SyncError('cli.unknownCommand', { params: { command: name } });
    const folder = findDataFolder(values.data, process.cwd());
    const context = { parts, folder, json, translate, print, tell, signal: stopSignal() };
    return await command(context, args, values);
  } catch (error) {
    const { code, params } = toSyncError(error);
    const message = translate(`error.${code}`, params);
    if (json) answer({ json, print }, { error: { code, params, message } }, []);
    else tell(message);
    return exitOf(code);
  }
}

function say(print: (text: string) => void, text: string): number {
  print(text);
  return EXIT.complete;
}

function parseCall(argv: readonly string[]): ReturnType<typeof parse> {
  try {
    return parse(argv);
  } catch (error) {
    throw new SyncError('cli.badOption', {
      params: { detail: error instanceof Error ? error.message : '' },
      cause: error,
    });
  }
}

/** The first signal asks a session to end at its next safe point. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
