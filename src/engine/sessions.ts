import type { Progress, Report, StepName } from '../report/report';
import { eventsOf } from '../mail/events';
import { newReport } from '../report/new-report';
import { runSession, type SessionEvents, type Step, type StepHandle } from '../session/session';
import { tidied } from '../session/tidy';
import { SyncError } from '../shared/errors';
import type { Sentence } from './contract';
import type { SessionRequest } from './runtime';
import { checkRoom, placesOf } from './room';
import { tellBlocked } from './tell-blocked';
import { tidyFolder } from './tidy-folder';
import type { Workplace } from './workplace';

interface RunningSession {
  readonly report: Report;
  readonly request: SessionRequest;
  readonly abort: AbortController;
  readonly done: Promise<Report>;
}

export interface SessionsListener {
  readonly changed: () => void;
  /** As `changed`, but too often to tell each time. */
  readonly advanced: () => void;
  /** Throws where something else than a session forbids to begin one. */
  readonly refuse: () => void;
  /** Its report is saved. */
  readonly ended: () => Promise<void>;
  /** Other work is over: sessions can begin again. */
  readonly freed: () => Promise<void>;
}

/** Steps that wait for somebody, so that RAZ means something. */
const WAITING: readonly StepName[] = [
  'check',
  'send',
  'wait',
  'receive',
  'receiveBatches',
  'waitAcknowledgements',
];

/** The one session that can be under way, from start to report. */
export class Sessions {
  readonly #place: Workplace;
  readonly #listener: SessionsListener;
  #running: RunningSession | null = null;
  #progress: Progress | null = null;
  /** Work beside sessions that no session may begin during. */
  #work: Promise<unknown> | null = null;

  constructor(place: Workplace, listener: SessionsListener) {
    this.#place = place;
    this.#listener = listener;
  }

  get report(): Report | null {
    return this.#running?.report ?? null;
  }

  get progress(): Progress | null {
    return this.#progress;
  }

  get stopping(): boolean {
    return this.#running?.abort.signal.aborted ?? false;
  }

  /** ISO 8601; null where nothing is waited for. */
  get deadline(): string | null {
    const deadline = this.#running?.request.deadlines.at(-1);
    if (deadline === undefined || !WAITING.includes(this.#step() ?? 'merge')) return null;
    return new Date(deadline.end).toISOString();
  }

  get stopEffect(): Sentence | null {
    return this.#running === null ? null : { key: `stop.${this.#step() ?? 'check'}`, params: {} };
  }

  /** Throws `session.running` where one runs. */
  refuseDuring(): void {
    if (!this.idle) throw new SyncError('session.running');
  }

  /** Neither a session nor other work is under way. */
  get idle(): boolean {
    return this.#running === null && this.#work === null;
  }

  /** Does work that no session may begin during. Throws `session.running` where one is under way. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.refuseDuring();
    const running = work();
    this.#work = running;
    try {
      return await running;
    } finally {
      this.#work = null;
      await this.#listener.freed();
    }
  }

  /** Starts one; `done` resolves with its report, however it ended. Throws where none can begin. */
  begin(trigger: Report['trigger'], { late = false, recover = false } = {}): RunningSession {
    this.refuseDuring();
    this.#listener.refuse();
    const { role, name } = this.#place.configured();
    const { clock, application } = this.#place.parts;
    const report = newReport({ role, name, trigger, application, now: clock.now() });
    const request: SessionRequest = { trigger, late, recover, deadlines: [] };
    const abort = new AbortController();
    const done = this.#run(report, request, abort.signal);
    this.#running = { report, request, abort, done };
    this.#place.say('info', 'session.started');
    return this.#running;
  }

  stop(): void {
    if (this.#running === null || this.stopping) return;
    this.#running.abort.abort(new SyncError('session.stopped'));
    this.#listener.changed();
  }

  resetTimers(): string | null {
    if (this.#running === null) return null;
    for (const deadline of this.#running.request.deadlines) deadline.reset();
    this.#place.say('info', 'session.timersReset');
    this.#listener.changed();
    return this.deadline;
  }

  /** Resolves once no session is under way. */
  async settled(): Promise<void> {
    await this.#running?.done;
    await this.#work?.catch(() => undefined);
  }

  /** Never rejects: what goes wrong is in the report, or in the log where even that cannot be written. */
  async #run(report: Report, request: SessionRequest, signal: AbortSignal): Promise<Report> {
    const place = this.#place;
    await this.#save(report);
    place.events.historyChanged();
    const environment = { clock: place.parts.clock, signal, events: this.#events() };
    let close = (): Promise<void> => Promise.resolve();
    const makeSteps = async (handle: StepHandle): Promise<readonly Step[]> => {
      const settings = await place.refresh();
      await checkRoom(place.parts, placesOf(place.paths, settings), handle);
      const database = await place.parts.openDatabase(settings.database);
      close = () => database.close();
      return place.runtime().makeSteps(settings, database, request, environment);
    };
    await runSession(report, makeSteps, environment, (handle) => this.#tidy(handle));
    await close().catch((error: unknown) => place.sayError(error));
    place.runtime().ended();
    await this.#save(report);
    this.#running = null;
    this.#progress = null;
    place.say(report.state === 'failed' ? 'error' : 'info', `session.ended.${report.state}`);
    for (const event of eventsOf(report)) place.mailer?.notify(event);
    await this.#listener.ended();
    await place.log.flushed();
    await place.record.flushed();
    return report;
  }

  #tidy(handle: StepHandle): Promise<void> {
    const { paths, reports, parts, settings, hub } = this.#place;
    const now = parts.clock.now();
    return tidied(handle, async () => {
      // The first of them is this very session.
      const [, former] = await reports.list(2);
      const since = Date.parse(former?.endedAt ?? former?.startedAt ?? '');
      tellBlocked(handle, hub?.server?.blocked() ?? [], Number.isNaN(since) ? 0 : since);
      if (settings !== null)
        await tidyFolder(paths, reports, { now, reportDays: settings.retention.reports });
    });
  }

  #save(report: Report): Promise<void> {
    return this.#place.reports.save(report).catch((error: unknown) => this.#place.sayError(error));
  }

  #events(): SessionEvents {
    return {
      onFailure: (error) => this.#place.record.cause(error),
      onMessage: ({ level, key, params }) => this.#place.say(level, key, params),
      onProgress: (progress) => {
        this.#progress = progress;
        if (progress === null) this.#listener.changed();
        else this.#listener.advanced();
      },
      onReport: (report) => {
        // On disk at each step, so that a session that a power cut ends has a report too.
        void this.#save(report);
        this.#listener.changed();
      },
    };
  }

  #step(): StepName | null {
    return this.#running?.report.steps.findLast(({ startedAt }) => startedAt !== null)?.name ?? null;
  }
}
