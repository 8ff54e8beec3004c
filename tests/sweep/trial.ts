import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { bundleNode, root } from '../../build/bundles.mjs';
import engineTexts from '../../locales/fr/engine.json';
import type { Report } from '../../src/report/report';
import { reportSchema } from '../../src/report/report-schema';
import { flatten } from '../../src/shared/translate';
import { PLACES, type Stage, type Standing } from './stage';

export type Victim = 'hub' | 'lyon';
export type Mode = 'once' | 'full' | 'kill' | 'power';

export interface Fault {
  readonly victim: Victim;
  readonly mode: Mode;
  /** The operation: `file.rename`, `database.run`… */
  readonly kind: string;
  /** Which of its kind, from 1 on. */
  readonly number: number;
  /** What it was in the undisturbed session: a file's name, a statement. */
  readonly label: string;
}

export interface Outcome {
  readonly fault: Fault;
  /** What the fault hit; null: the operation did not come. */
  readonly hit: { readonly label: string; readonly stack: string } | null;
  /** What is not as it must be: none, one hopes. */
  readonly problems: readonly string[];
  /** Code of the error that the victim told. */
  readonly told: string | null;
  /** Rounds of sessions that it took after the one with the fault. */
  readonly sessions: number;
  readonly milliseconds: number;
}

interface VictimEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly late: boolean;
}

const texts = new Set([...flatten(engineTexts)].map(([key]) => key));

/** A session that takes so long is stuck, milliseconds: all its waits together, in haste, are shorter. */
const PATIENCE = 240_000;
/** Sessions in which everything must be well again. */
const MOST_SESSIONS = 4;

export const bundleVictim = (folder: string): Promise<void> =>
  bundleNode(join(import.meta.dirname, 'victim.ts'), join(folder, 'victim.js'));

/** The session of the victim in a process of its own. `environment`: of the preload script. */
async function runVictim(
  stage: Stage,
  program: string,
  victim: Victim,
  epoch: number,
  environment: Readonly<Record<string, string>>,
): Promise<VictimEnd> {
  const preload = join(import.meta.dirname, 'fault-preload.cjs');
  const child = spawn(
    process.execPath,
    ['--require', preload, program, stage.dataOf(victim), String(epoch)],
    {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_PATH: [join(root, 'node_modules'), process.env['NODE_PATH'] ?? ''].join(delimiter),
        SWEEP_FOLDER: stage.folder,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  let late = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, PATIENCE);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, late });
    });
  });
}

const isWell = (report: Report | null): boolean => report?.state === 'ok' || report?.state === 'warnings';

/** The synchronisation, the victim with this environment, and as many more as it takes until all is well. */
async function synchronise(
  stage: Stage,
  program: string,
  victim: Victim,
  environment: Readonly<Record<string, string>>,
): Promise<{ end: VictimEnd; sessions: number; problems: string[] }> {
  stage.reset();
  const epoch = Date.now();
  const problems: string[] = [];
  const others = PLACES.filter((place) => place !== victim);
  if (victim !== 'hub') await stage.start('hub', epoch);
  let served = 0;
  const running = others.map(async (place) => {
    const report = await stage.session(place, epoch);
    if (isWell(report)) served += 1;
    return report;
  });
  const end = await runVictim(stage, program, victim, epoch, environment);
  // Once it has served anyone its round is there for all: a session of its own would wait for who is gone.
  if (victim === 'hub' && (end.code === 0 || served > 0)) await stage.start('hub', epoch);
  else if (end.code !== 0) running.push(stage.session(victim, epoch));
  let reports = await Promise.all(running);
  let sessions = 0;
  while (!reports.every(isWell)) {
    if (sessions === MOST_SESSIONS) {
      problems.push(`not well after ${String(sessions)} sessions: ${reports.map(summary).join('; ')}`);
      break;
    }
    sessions += 1;
    reports = await Promise.all(PLACES.map((place) => stage.session(place, epoch)));
  }
  await stage.stopAll();
  return { end, sessions, problems };
}

function summary(report: Report | null): string {
  if (report === null) return 'none';
  const warnings = report.steps.flatMap(({ messages }) => messages).filter(({ level }) => level !== 'info');
  return `${report.name} ${report.state} ${report.error?.code ?? ''} ${warnings.map(({ key }) => key).join(' ')}`;
}

/** What the session leaves where nothing is disturbed, and all operations that it is made of. */
export async function undisturbed(
  stage: Stage,
  program: string,
  victim: Victim,
): Promise<{ standing: Standing; operations: readonly (readonly [kind: string, label: string])[] }> {
  const trace = join(stage.folder, 'trace.json');
  const { end, problems } = await synchronise(stage, program, victim, { SWEEP_TRACE: trace });
  if (end.code !== 0 && end.code !== 2) throw new Error(`undisturbed, and yet: ${end.stdout} ${end.stderr}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const operations = JSON.parse(readFileSync(trace, 'utf8')) as [string, string][];
  return { standing: stage.standing(), operations };
}

export async function tryFault(
  stage: Stage,
  program: string,
  fault: Fault,
  expected: Standing,
): Promise<Outcome> {
  const started = performance.now();
  const hitFile = join(stage.folder, 'hit.json');
  rmSync(hitFile, { force: true });
  const { end, sessions, problems } = await synchronise(stage, program, fault.victim, {
    SWEEP_FAULT: `${fault.kind}#${String(fault.number)}`,
    SWEEP_MODE: fault.mode,
    SWEEP_HIT: hitFile,
  });
  const hit = existsSync(hitFile)
    ? (JSON.parse(readFileSync(hitFile, 'utf8')) as NonNullable<Outcome['hit']>)
    : null;
  const killed = hit !== null && (fault.mode === 'kill' || fault.mode === 'power');
  const told = killed ? null : judgeEnd(end, problems);
  if (killed && end.signal !== 'SIGKILL') problems.push('the victim outlived its death');
  judgeStanding(stage.standing(), expected, problems);
  await judgeFolder(stage, problems);
  return { fault, hit, problems, told, sessions, milliseconds: Math.round(performance.now() - started) };
}

/** A session that fails ends by itself, and tells why in words of its own. */
function judgeEnd({ code, signal, stdout, stderr, late }: VictimEnd, problems: string[]): string | null {
  if (late) problems.push('the victim was stuck');
  else if (signal !== null || code === null) problems.push(`the victim ended by ${String(signal)}`);
  for (const line of stderr.split('\n').filter((text) => text !== '')) {
    const key = keyOf(line);
    if (key === null) problems.push(`on the standard error: ${line}`);
    else judgeKey(key, line, problems);
  }
  if (late) return null;
  const answer = parse(stdout);
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) {
    problems.push(`no answer: ${stdout.slice(0, 300)}`);
    return null;
  }
  const { error } = answer;
  if (error === null) return null;
  const told = typeof error === 'object' && 'code' in error ? String(error.code) : '';
  judgeKey(`error.${told}`, JSON.stringify(error), problems);
  return told;
}

function judgeKey(key: string, line: string, problems: string[]): void {
  if (key === 'error.unexpected') problems.push(`an error without words of its own: ${line}`);
  if (!texts.has(key)) problems.push(`no text: ${line}`);
}

function keyOf(line: string): string | null {
  const message = parse(line);
  return typeof message === 'object' && message !== null && 'key' in message ? String(message.key) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function judgeStanding(found: Standing, expected: Standing, problems: string[]): void {
  for (const place of PLACES) {
    for (const [table, rows] of Object.entries(expected.rows[place] ?? {})) {
      const here = found.rows[place]?.[table] ?? [];
      if (isDeepStrictEqual(here, rows)) continue;
      problems.push(`table ${table} at ${place}: ${difference(here, rows)}`);
    }
    const here = found.journal[place] ?? [];
    const journal = expected.journal[place] ?? [];
    if (!isDeepStrictEqual(here, journal)) problems.push(`journal at ${place}: ${difference(here, journal)}`);
  }
}

function difference(here: readonly string[], expected: readonly string[]): string {
  const missing = expected.filter((row) => !here.includes(row)).slice(0, 3);
  const added = here.filter((row) => !expected.includes(row)).slice(0, 3);
  return `${String(here.length)} instead of ${String(expected.length)}, lost: ${missing.join(' | ')}, new: ${added.join(' | ')}`;
}

async function judgeFolder(stage: Stage, problems: string[]): Promise<void> {
  for (const name of await stage.leftovers(Date.now())) problems.push(`left over: ${name}`);
  for (const place of PLACES) {
    for (const report of stage.reports(place)) {
      const parsed = reportSchema.safeParse(report);
      if (!parsed.success) problems.push(`a report at ${place} is damaged`);
      else if (parsed.data.error !== null)
        judgeKey(`error.${parsed.data.error.code}`, JSON.stringify(parsed.data.error), problems);
    }
  }
}
