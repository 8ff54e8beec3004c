import type {
  Level,
  Message,
  MessageSubject,
  Progress,
  Report,
  SessionState,
  StepName,
  StepReport,
} from '../report/report';
import type { Clock } from '../shared/clock';
import type { MessageParams } from '../shared/errors';
import { isRetryable } from '../shared/errors';
import { toSyncError } from '../shared/to-sync-error';
import { Deadline } from './deadline';
import { ProgressMeter } from './progress-meter';

/** What a session tells while it runs. */
export interface SessionEvents {
  readonly onMessage: (message: Message) => void;
  readonly onProgress: (progress: Progress | null) => void;
  /** The report changed: a step began or ended. */
  readonly onReport: (report: Report) => void;
  /** What a step failed with, whole: for a log, and for nobody's eyes. */
  readonly onFailure?: (error: unknown) => void;
}

export interface SessionEnvironment {
  readonly clock: Clock;
  /** Aborted by 'Arrêter': every step honours it at its next safe point. */
  readonly signal: AbortSignal;
  readonly events: SessionEvents;
}

export interface Step {
  readonly name: StepName;
  readonly run: (handle: StepHandle) => Promise<void>;
}

/** Ends a session early without a failure: what is left of it has no purpose. */
export class SessionEnd extends Error {
  constructor(readonly state: SessionState) {
    super(state);
  }
}

/** What a step uses to tell what it does. */
export class StepHandle {
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly #step: StepReport;
  readonly #environment: SessionEnvironment;
  readonly #meter: ProgressMeter;

  constructor(report: Report, step: StepReport, environment: SessionEnvironment) {
    this.report = report;
    this.signal = environment.signal;
    this.#step = step;
    this.#environment = environment;
    this.#meter = new ProgressMeter(environment.clock);
  }

  info(key: string, params: MessageParams = {}): void {
    this.#say('info', key, params);
  }

  warn(key: string, params: MessageParams = {}): void {
    this.#say('warning', key, params);
  }

  /** The session goes on, but not everyone will have everything after it. */
  partial(key: string, params: MessageParams = {}): void {
    this.#say('warning', key, params);
    this.report.state = 'partial';
  }

  count(added: { rows?: number; bytes?: number }): void {
    this.#step.rows += added.rows ?? 0;
    this.#step.bytes += added.bytes ?? 0;
  }

  countTable(
    table: string,
    added: { sent?: number; received?: number; conflicts?: number; refused?: number },
  ): void {
    let line = this.report.tables.find((known) => known.table === table);
    if (line === undefined) {
      line = { table, sent: 0, received: 0, conflicts: 0, refused: 0 };
      this.report.tables.push(line);
    }
    line.sent += added.sent ?? 0;
    line.received += added.received ?? 0;
    line.conflicts += added.conflicts ?? 0;
    line.refused += added.refused ?? 0;
  }

  progress(
    at: Pick<Progress, 'done' | 'total' | 'unit'> & { site?: string; file?: string; left?: number },
  ): void {
    const { site = null, file = null } = at;
    const { rate, left } = this.#meter.measure({ ...at, subject: `${at.unit} ${site ?? ''} ${file ?? ''}` });
    this.#environment.events.onProgress({
      step: this.#step.name,
      site,
      file,
      done: at.done,
      total: at.total,
      unit: at.unit,
      rate,
      left: at.left ?? left,
    });
  }

  #say(level: Level, key: string, params: MessageParams): void {
    const message = { key, params, level, at: new Date(this.#environment.clock.now()).toISOString() };
    const id = `${this.#step.name}-${String(this.#step.messages.length + 1)}`;
    this.#step.messages.push({ ...message, id, about: this.#subjectOf(params) });
    const sound = this.#step.state === 'running' || this.#step.state === 'done';
    if (level === 'warning' && sound) this.#step.state = 'warning';
    this.#environment.events.onMessage(message);
  }

  /** Sentences name what they speak of. */
  #subjectOf({ site, table }: MessageParams): MessageSubject {
    return {
      site: this.report.sites.find(({ name }) => name === site)?.number ?? null,
      table: typeof table === 'string' ? table : null,
    };
  }
}

/**
 * Makes the steps and runs them one after the other, and fills in the report, whatever happens. Never rejects:
 * what hinders the making of the steps is the first one's failure. `atEnd` comes after the last step that ran, however
 * that ended, and tells what it has to say as a part of it; it never rejects.
 */
export async function runSession(
  report: Report,
  makeSteps: (handle: StepHandle) => Promise<readonly Step[]>,
  environment: SessionEnvironment,
  atEnd: (handle: StepHandle) => Promise<void> = () => Promise.resolve(),
): Promise<Report> {
  let steps: readonly Step[] = [];
  const [first, ...others] = report.steps.map(({ name }) => name);
  const begin = async (handle: StepHandle): Promise<void> => {
    steps = await makeSteps(handle);
    await steps[0]?.run(handle);
  };
  const run = (name: StepName, work: (handle: StepHandle) => Promise<void>): Promise<SessionState | null> =>
    runStep(report, { name, run: work }, environment);
  let ended = first === undefined ? null : await run(first, begin);
  for (const name of others) {
    if (ended !== null) break;
    ended = await run(name, async (handle) => steps.find((step) => step.name === name)?.run(handle));
  }
  const last = report.steps.findLast(({ startedAt }) => startedAt !== null);
  if (last !== undefined) await atEnd(new StepHandle(report, last, environment));
  report.state = ended ?? (report.state === 'running' ? resultOf(report) : report.state);
  report.endedAt = nowOf(environment);
  environment.events.onProgress(null);
  environment.events.onReport(report);
  return report;
}

const resultOf = ({ steps }: Report): SessionState =>
  steps.some(({ state }) => state === 'warning') ? 'warnings' : 'ok';

/** Null: go on with the next step. */
async function runStep(
  report: Report,
  step: Step,
  environment: SessionEnvironment,
): Promise<SessionState | null> {
  const line = report.steps.find(({ name }) => name === step.name);
  if (line === undefined) throw new Error(`no line for step ${step.name}`);
  line.state = 'running';
  line.startedAt = nowOf(environment);
  environment.events.onReport(report);
  try {
    environment.signal.throwIfAborted();
    await step.run(new StepHandle(report, line, environment));
    finishStep(line, environment, 'done');
    return null;
  } catch (error) {
    if (error instanceof SessionEnd) {
      finishStep(line, environment, 'done');
      return error.state;
    }
    if (environment.signal.aborted) {
      finishStep(line, environment, 'stopped');
      return 'stopped';
    }
    const { code, params } = toSyncError(error);
    report.error = { code, params };
    finishStep(line, environment, 'failed');
    environment.events.onFailure?.(error);
    environment.events.onMessage({ key: `error.${code}`, params, level: 'error', at: nowOf(environment) });
    return 'failed';
  }
}

function finishStep(
  line: StepReport,
  environment: SessionEnvironment,
  state: 'done' | 'failed' | 'stopped',
): void {
  line.endedAt = nowOf(environment);
  if (state !== 'done' || line.state === 'running') line.state = state;
  environment.events.onProgress(null);
}

const nowOf = ({ clock }: SessionEnvironment): string => new Date(clock.now()).toISOString();

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/**
 * Does `work` again while it fails with an error that a retry can help and the deadline has not passed.
 * `onRetry` is told the error before each pause.
 */
export async function retryUntil<T>(
  deadline: Deadline,
  { clock, signal }: Pick<SessionEnvironment, 'clock' | 'signal'>,
  work: () => Promise<T>,
  onRetry: (error: unknown) => void = () => undefined,
): Promise<T> {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      if (signal.aborted || !isRetryable(error) || deadline.left === 0) throw error;
      onRetry(error);
      await clock.delay(Math.min(pause, deadline.left), signal);
    }
  }
}

/** How long a database that gives way to others, or whose line drops, is asked again. Milliseconds. */
const DATABASE_PATIENCE = 120_000;

/**
 * Does work again that the database gave up: a deadlock lost, a lock not had, a line cut. Nothing of it was done, or
 * all of it, which the work itself finds out: the same bytes are never applied twice.
 */
export function retryDatabase<T>(
  environment: Pick<SessionEnvironment, 'clock' | 'signal'>,
  handle: Pick<StepHandle, 'info'>,
  work: () => Promise<T>,
): Promise<T> {
  const patience = new Deadline(environment.clock, DATABASE_PATIENCE);
  return retryUntil(patience, environment, work, (error) => {
    handle.info('session.databaseRetry', { code: toSyncError(error).code });
  });
}
