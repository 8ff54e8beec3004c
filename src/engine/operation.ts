import type { Report } from '../report/report';
import { Comparisons } from './comparisons';
import type { EngineEvents, Overview } from './contract';
import { Guard } from './guard';
import { overviewOf } from './overview';
import type { Parts } from './parts';
import { PastSessions } from './past-sessions';
import { Sessions } from './sessions';
import { Snapshots } from './snapshots';
import { throttled } from './throttle';
import { Workplace } from './workplace';

/** Progress is told at most this often, milliseconds. */
const PROGRESS_INTERVAL = 100;

/** What the engine does of itself, from taking its data folder to letting it go: departures, requests, telling. */
export class Operation {
  readonly place: Workplace;
  readonly sessions: Sessions;
  readonly past: PastSessions;
  readonly guard: Guard;
  readonly comparisons: Comparisons;
  readonly snapshots: Snapshots;
  readonly tell: () => void;
  /** Settled once the data folder was read, for good or ill. */
  #folderRead: Promise<void> = Promise.resolve();
  /** A departure fell into a session that some sites had asked for. */
  #departsNext = false;

  constructor(parts: Parts, folder: string, events: EngineEvents) {
    this.tell = () => events.overviewChanged(this.overview());
    const advanced = throttled(parts.clock, PROGRESS_INTERVAL, this.tell);
    this.place = new Workplace(parts, folder, events, {
      onRequest: () => this.#answerRequests(),
      onSnapshotRequest: () => this.#answerSnapshots(),
      onDeparture: (kind) => this.#depart(kind !== 'onTime'),
      settingsApplied: () => this.#readPast(),
      changed: this.tell,
      advanced,
    });
    this.past = new PastSessions(this.place.reports);
    this.sessions = new Sessions(this.place, {
      changed: this.tell,
      advanced,
      ended: () => this.#ended(),
      refuse: () => this.comparisons.refuseDuring(),
      freed: () => this.#goOn(),
    });
    this.comparisons = new Comparisons(this.place, this.sessions);
    this.snapshots = new Snapshots(this.place, this.sessions);
    this.guard = new Guard(this.place);
  }

  async open(): Promise<void> {
    await this.place.take();
    try {
      await this.place.read();
    } finally {
      await this.#readPast();
    }
  }

  async start(): Promise<void> {
    this.#folderRead = this.open();
    await this.#folderRead.catch((error: unknown) => this.place.note(error));
    await this.serve();
  }

  async serve(): Promise<void> {
    await this.place.serve();
    this.tell();
  }

  /** A window asks as soon as it is there: what it asks for may still be on its way from the disk. */
  async folderRead(): Promise<void> {
    await this.#folderRead.catch(() => undefined);
  }

  async shutdown(): Promise<void> {
    this.place.stopServing();
    this.sessions.stop();
    await this.sessions.settled();
    await this.comparisons.stop();
    await this.place.release();
  }

  overview(): Overview {
    const { place, sessions, past, guard } = this;
    return overviewOf({ place, sessions, past, lock: guard.state });
  }

  report(id: string): Promise<Report> {
    const { report } = this.sessions;
    return report?.id === id ? Promise.resolve(report) : this.place.reports.read(id);
  }

  /** Never two sessions at once: one under way is this departure's, but for one that serves only who asked for it. */
  async #depart(late: boolean): Promise<boolean> {
    const running = this.sessions.report;
    if (this.sessions.idle) await this.#beginDeparture(late);
    else this.#departsNext = running === null || running.trigger === 'request';
    await this.#idle();
    return this.place.serving || this.past.last?.state !== 'stopped';
  }

  /** It does not wait for somebody who compares: that can be done again. */
  async #beginDeparture(late: boolean): Promise<void> {
    if (this.comparisons.running) await this.comparisons.stop();
    if (this.place.serving && this.sessions.idle) this.sessions.begin('schedule', { late });
  }

  async #idle(): Promise<void> {
    while (!this.sessions.idle) await this.sessions.settled();
  }

  /** A site asked for a session outside the schedule. */
  #answerRequests(): void {
    const { hub, serving } = this.place;
    if (hub?.requested === true && serving && this.sessions.idle) this.sessions.begin('request');
  }

  async #ended(): Promise<void> {
    await this.#readPast();
    this.place.events.historyChanged();
    this.place.events.conflictsChanged();
    await this.#goOn();
  }

  /** What had to wait for a session, or for other work, to end. */
  async #goOn(): Promise<void> {
    this.tell();
    if (this.#departsNext && this.place.serving) this.sessions.begin('schedule');
    this.#departsNext = false;
    this.#answerRequests();
    await Promise.resolve();
    this.#answerSnapshots();
  }

  /** A site asked for all rows of the database. */
  #answerSnapshots(): void {
    const { hub, serving } = this.place;
    if (hub?.bulletin.snapshotRequested !== true || !serving || !this.sessions.idle) return;
    void this.snapshots.offer(hub).catch((error: unknown) => this.place.sayError(error));
  }

  /** What the past says is for the screens alone: without it, sessions go on. */
  async #readPast(): Promise<void> {
    const sites = this.place.settings?.hub?.sites ?? [];
    const active = sites.filter((site) => site.active).map(({ number }) => number);
    await this.past.read(active).catch((error: unknown) => this.place.sayError(error));
  }
}
