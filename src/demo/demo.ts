import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import cliTexts from '../../locales/fr/cli.json';
import demoTexts from '../../locales/fr/demo.json';
import engineTexts from '../../locales/fr/engine.json';
import type { JournalEntry } from '../database/port';
import type { Parts } from '../engine/parts';
import type { Report } from '../report/report';
import { renderHtml } from '../report/render-html';
import { createTranslator, type Translate } from '../shared/translate';
import { buildBase } from './base';
import { compareDatabases, tablesOf, type TableComparison } from './compare';
import { playDay } from './day';
import { EXPECTED_CONFLICTS } from './disputes';
import { setUp, type Command } from './installations';
import { placesIn, type Place } from './places';
import { findFreePorts } from './ports';
import { comparisonLines, conflictLines } from './results';
import { synchroniseAndShow } from './show';
import type { Terminal } from './terminal';
import type { WindowProgram } from './windows';

export const translate: Translate = createTranslator(engineTexts, cliTexts, demoTexts);

/** Where all the demo's chance comes from. */
const SEED = 20_261_124;
/** More conflicts than are expected, so that one too many is seen. */
const CONFLICTS_READ = 100;

export interface DemoOptions {
  readonly parts: Parts;
  /** An empty folder, with an absolute path. */
  readonly folder: string;
  readonly terminal: Terminal;
  /** Null: all is shown in the terminal. */
  readonly windows: WindowProgram | null;
}

export interface DemoResult {
  readonly places: readonly Place[];
  readonly comparison: readonly TableComparison[];
  /** Newest first. */
  readonly conflicts: readonly JournalEntry[];
  /** The head office's first. */
  readonly reports: readonly Report[];
  /** Everything is alike everywhere, with the expected conflicts and no other. */
  readonly complete: boolean;
}

/** A day at a head office and three gyms, and its synchronisation, from empty folder to table of results. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { parts, folder, terminal } = options;
  const started = performance.now();
  const print = (...lines: string[]): void => terminal.write(lines.map((line) => `${line}\n`).join(''));
  const pause = (milliseconds: number): Promise<void> => parts.clock.delay(milliseconds);
  const places = placesIn(folder);
  print(translate('demo.title'), translate('demo.folder', { folder }), '');

  const base = join(folder, 'bases', 'depart.db');
  await mkdir(dirname(base), { recursive: true });
  const rows = buildBase(base, SEED);
  const tables = tablesOf(base);
  print(translate('demo.built', { rows, tables: tables.length }));
  const ports = await findFreePorts();
  await setUp(places, base, ports, commandsOf(parts));
  print(translate('demo.prepared', { port: ports.control }), '', translate('demo.day.title'));
  for (const { place, ...counts } of await playDay(places, SEED, pause)) {
    print(translate('demo.day.line', { name: place.name, ...counts }));
  }

  print('', translate('demo.synchronising'));
  const shown = await synchroniseAndShow({ ...options, places, ports, translate, print, pause });
  const { reports, windows } = shown;
  await writePages(places, reports);
  print(...reports.flatMap(failureLines));

  const comparison = compareDatabases(tables, places);
  const conflicts = await readConflicts(parts, places);
  const alike = comparison.every(({ others }) => others.every(({ differsAt }) => differsAt === null));
  const succeeded = reports.every(({ state }) => state === 'ok' || state === 'warnings');
  const complete = alike && succeeded && conflicts.length === EXPECTED_CONFLICTS;
  print('', translate('demo.results.title'), ...resultLines(comparison, reports), '');
  print(translate('demo.conflict.title', { count: conflicts.length }));
  for (const entry of [...conflicts].reverse()) print(...conflictLines(entry, places, translate));
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  print(
    '',
    translate(complete ? 'demo.complete' : 'demo.incomplete', { seconds: seconds.toLocaleString('fr') }),
  );
  print(...placesToLook(places, windows));
  return { places, comparison, conflicts, reports, complete };
}

function resultLines(comparison: readonly TableComparison[], [hubReport]: readonly Report[]): string[] {
  return hubReport === undefined ? [] : comparisonLines(comparison, hubReport, translate);
}

const failureLines = ({ name, error }: Report): string[] =>
  error === null
    ? []
    : [translate('demo.failure', { name, reason: translate(`error.${error.code}`, error.params) })];

/** Where the reports and the journal of conflicts are, and what becomes of the windows. */
function placesToLook([hub, ...gyms]: readonly Place[], windows: number): string[] {
  if (hub === undefined) return [];
  return [
    translate('demo.pages', { file: hub.page }),
    ...gyms.map(({ page }) => translate('demo.otherPage', { file: page })),
    translate('demo.again', { folder: hub.folder }),
    ...(windows > 0 ? [translate('demo.windows.stay')] : []),
  ];
}

/** Runs commands of the command line, without their output. */
function commandsOf(parts: Parts): Command {
  return async (folder, run) => {
    const printed: string[] = [];
    await run({
      parts,
      folder,
      json: false,
      translate,
      print: (text) => printed.push(text),
      tell: () => undefined,
      signal: new AbortController().signal,
    });
    return { printed: printed.join('\n') };
  };
}

/** The report of each place as a page to print. */
async function writePages(places: readonly Place[], reports: readonly Report[]): Promise<void> {
  for (const [at, report] of reports.entries()) {
    const page = places[at]?.page;
    if (page === undefined) continue;
    await mkdir(dirname(page), { recursive: true });
    await writeFile(page, renderHtml(report, translate));
  }
}

async function readConflicts(parts: Parts, [hub]: readonly Place[]): Promise<readonly JournalEntry[]> {
  if (hub === undefined) return [];
  const database = await parts.openDatabase(`sqlite:${hub.database}`);
  try {
    return await database.conflicts(CONFLICTS_READ);
  } finally {
    await database.close();
  }
}
