import cliTexts from '../../locales/fr/cli.json';
import engineTexts from '../../locales/fr/engine.json';
import { sync } from '../../src/commands/sessions';
import { toSyncError } from '../../src/shared/to-sync-error';
import { createTranslator } from '../../src/shared/translate';
import { hastyParts } from './hasty-parts';

/** One session as the command line runs it (`node victim.js <data folder> <epoch>`), with a clock in haste. */
const [folder = '', epoch = '0'] = process.argv.slice(2);

const print = (text: string): void => void process.stdout.write(`${text}\n`);

sync({
  parts: hastyParts(Number(epoch)),
  folder,
  json: true,
  translate: createTranslator(engineTexts, cliTexts),
  print,
  tell: (text) => void process.stderr.write(`${text}\n`),
  signal: new AbortController().signal,
}).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const { code, params } = toSyncError(error);
    print(JSON.stringify({ error: { code, params } }));
    process.exitCode = 1;
  },
);
