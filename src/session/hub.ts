import { PlainBatches } from '../capture/plain-batches';
import { writeRound } from '../capture/write-round';
import { unknownAdditive, type AdditiveColumns } from '../database/additive';
import type { Database, Installation } from '../database/port';
import type { Policies } from '../merge/merge-batch';
import { schemasOf } from '../merge/schema-differences';
import { SyncError } from '../shared/errors';
import { warnOfAbsent } from './absent-sites';
import type { Deadline } from './deadline';
import type { HubFolder, HubSite } from './hub-folder';
import { mergeDelivered } from './hub-merge';
import { replayRounds } from './hub-replay';
import { retryRefusedRows } from './hub-retry';
import { settleBehind, sitesBehind, sitesWithNews } from './hub-standing';
import { areRoundsLost, notePublished, roundOfAll } from './lost-rounds';
import { mergedBatches } from './merged-batches';
import type { SessionEnvironment, Step, StepHandle } from './session';
import { SessionEnd } from './session';
import { setSites, siteLine } from './site-lines';
import type { Retention } from './tidy';
import { tidyHub } from './tidy-hub';
import type { Tracked } from './tracking';
import { checkTracking, followAdditive } from './tracking';

export interface HubSessionOptions extends SessionEnvironment {
  readonly database: Database;
  readonly folder: HubFolder;
  readonly installation: Installation;
  readonly application: string;
  /** The user agreed that a database restored from an old copy gets its published rounds again. */
  readonly recover?: boolean;
  /** Every active site, by number. */
  readonly sites: readonly HubSite[];
  /** Those that are gone for good: what they had sent before is merged all the same. */
  readonly retired: readonly HubSite[];
  /** Those that this session waits for: more can come while it receives. */
  readonly expected: () => readonly HubSite[];
  /** The hub receives for at least so long, unless every active site has delivered: others may be about to ask. */
  readonly grace: Deadline | null;
  readonly policies: Policies;
  /** Columns that add up, as they are declared here: the sites follow. */
  readonly additive: AdditiveColumns;
  /** How long it receives: restarted by RAZ. */
  readonly reception: Deadline;
  /** Made when the round is published. */
  readonly acknowledgement: () => Deadline;
  /** Makes sure that the FTP server listens. */
  readonly openServer: () => Promise<void>;
  /** Resolves when a file has reached the hub, or after `milliseconds`. */
  readonly arrival: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Batches were merged or a round was published: what sites are told must be read anew. */
  readonly onChanged: () => Promise<void>;
  /** Whether a site is there, has sent all it has and waits for a round. */
  readonly waits: (site: HubSite) => boolean;
  /** The hub no longer receives; these sites wait for the round that the session publishes. */
  readonly onReceived: (waiting: readonly HubSite[]) => void;
  readonly retention: Retention;
}

/** The hub's session. What its steps hand on to each other is here; all that must outlive a power cut is on disk. */
export class HubSession {
  readonly steps: readonly Step[] = [
    { name: 'check', run: (handle) => this.#check(handle) },
    { name: 'open', run: (handle) => this.#open(handle) },
    { name: 'receiveBatches', run: (handle) => this.#receiveBatches(handle) },
    { name: 'merge', run: (handle) => this.#merge(handle) },
    { name: 'publish', run: (handle) => this.#publish(handle) },
    { name: 'waitAcknowledgements', run: (handle) => this.#waitAcknowledgements(handle) },
  ];

  readonly #options: HubSessionOptions;
  #tracked: Tracked | null = null;
  /** Sites with something to merge or to publish. */
  #delivered: readonly HubSite[] = [];
  /** Of these, the sites that have sent all they have and wait for the round. */
  #waiting: readonly HubSite[] = [];
  readonly #plain = new PlainBatches();

  constructor(options: HubSessionOptions) {
    this.#options = options;
  }

  async #check(handle: StepHandle): Promise<void> {
    const { database, installation, folder } = this.#options;
    const checked = await checkTracking(database, installation, 0, handle);
    const tracked = await followAdditive(database, installation, checked, this.#options.additive, handle);
    sayUnknown(tracked, this.#options.additive, handle);
    const published = await folder.lastRound();
    if (published > 0) await folder.keepName(published);
    const { lastMarked } = tracked.state;
    if (published > lastMarked) await this.#recover(handle, tracked, published);
    else await this.#settlePublished(handle, tracked, published);
    await this.#noteStanding();
  }

  /** What the database knows as published is in the folder; where a power cut left one unpublished, it goes out anew. */
  async #settlePublished(handle: StepHandle, tracked: Tracked, published: number): Promise<void> {
    const { database } = this.#options;
    const { lastMarked } = tracked.state;
    this.#tracked = tracked;
    const acknowledged = await settleBehind(handle, lastMarked, this.#options);
    if (published === lastMarked) return;
    if (areRoundsLost(tracked.state, published, acknowledged)) {
      await this.#publishAgain(handle, tracked, published);
      return;
    }
    // A power cut fell between a round's marks and its manifest: nobody has seen it, its changes go out anew.
    await database.release(lastMarked);
    handle.info('session.hub.released', { round: lastMarked });
    this.#tracked = { ...tracked, state: { ...tracked.state, lastMarked: published } };
  }

  /**
   * Published rounds are gone from the folder. Where the user agreed, one takes their place, with all that any site may
   * not have had, as it is now: their numbers stay what they were, so that who has seen what is known as before.
   */
  async #publishAgain(handle: StepHandle, tracked: Tracked, published: number): Promise<void> {
    const { database, recover } = this.#options;
    const { lastMarked } = tracked.state;
    const params = { round: published, known: lastMarked };
    if (recover !== true) throw new SyncError('session.roundsLost', { params });
    handle.warn('session.hub.publishesAgain', params);
    const since = await roundOfAll(tracked.state, this.#options);
    await database.transaction((transaction) => transaction.publishAgain(since));
    await this.#publishRound(handle, { since });
    this.#tracked = { ...tracked, state: { ...tracked.state, lastMarked: lastMarked + 1 } };
  }

  /** What somebody who has lost the data folder will need. */
  async #noteStanding(): Promise<void> {
    const { database, folder, sites } = this.#options;
    const known = this.#everyone().map((site) => ({ ...site, active: sites.includes(site) }));
    if (JSON.stringify(known) !== JSON.stringify(await database.establishments()))
      await database.transaction((transaction) => transaction.recordEstablishments(known));
    const { catalogue, state } = this.#checked();
    const roundMarks = await notePublished(database, folder, state);
    this.#tracked = { catalogue, state: { ...state, roundMarks } };
  }

  /** The database is an old copy; where the user agreed, it gets its own rounds again. */
  async #recover(handle: StepHandle, { catalogue, state }: Tracked, published: number): Promise<void> {
    const { lastMarked } = state;
    if (this.#options.recover !== true) {
      throw new SyncError('session.hubDatabaseRestored', { params: { round: published, known: lastMarked } });
    }
    await replayRounds(handle, lastMarked, published, { ...this.#options, tables: catalogue.tables });
    this.#tracked = { catalogue, state: { ...state, lastMarked: published } };
  }

  async #open(handle: StepHandle): Promise<void> {
    await this.#options.openServer();
    await this.#options.onChanged();
    const expected = this.#options.expected();
    for (const { number } of this.#options.sites) await this.#options.folder.expect(number);
    setSites(handle.report, expected, 'expected');
    handle.info('session.hub.opened', { expected: expected.length });
  }

  /**
   * Until every expected site has delivered, or the limit passes. A batch that lies here from a session that was cut
   * short is not all of it: its site has written new changes since, and is about to send them.
   */
  async #receiveBatches(handle: StepHandle): Promise<void> {
    const { sites, reception, grace, signal, arrival, onReceived, waits } = this.#options;
    const announced = new Set<number>();
    const { lastMarked } = this.#checked().state;
    const behind = await sitesBehind(this.#options, lastMarked);
    for (;;) {
      // Before looking at what is there: who waits has sent it already.
      const expected = this.#options.expected();
      const waiting = sites.filter(waits);
      this.#delivered = await sitesWithNews({ ...this.#options, sites: this.#everyone() });
      this.#waiting = this.#delivered.filter((site) => waiting.includes(site));
      for (const site of expected) siteLine(handle.report, site);
      setSites(handle.report, this.#waiting, 'received');
      for (const site of this.#waiting) {
        if (!announced.has(site.number)) handle.info('session.hub.delivered', { site: site.name });
        announced.add(site.number);
      }
      const stillBehind = await sitesBehind(this.#options, lastMarked);
      const withNews = new Set(this.#delivered.map(({ number }) => number));
      const caughtUp = (number: number): boolean =>
        behind.has(number) && !stillBehind.has(number) && !withNews.has(number);
      const missing = expected.filter(({ number }) => !announced.has(number) && !caughtUp(number));
      const served = expected.filter(({ number }) => !announced.has(number) && caughtUp(number));
      setSites(handle.report, served, 'upToDate');
      const done = expected.length - missing.length;
      handle.progress({ done, total: expected.length, unit: 'sites', left: reception.left });
      const early = grace !== null && grace.left > 0 && announced.size < sites.length;
      if ((missing.length === 0 && !early) || reception.left === 0) {
        onReceived(this.#waiting);
        await warnOfAbsent(handle, missing, this.#options);
        this.#judgeReception(handle, missing);
        return;
      }
      await arrival(early ? Math.min(grace.left, reception.left) : reception.left, signal);
    }
  }

  #judgeReception(handle: StepHandle, missing: readonly HubSite[]): void {
    setSites(handle.report, missing, 'absent');
    // What lies here from a session that was cut short is merged, even though its site is not there.
    setSites(handle.report, this.#delivered, 'received');
    if (this.#delivered.length === 0 && missing.length === 0) throw new SessionEnd('ok');
    if (this.#delivered.length === 0) {
      handle.warn('session.hub.nobody');
      throw new SessionEnd('idle');
    }
    for (const { name } of missing) handle.partial('session.hub.absent', { site: name });
  }

  /**
   * Site by site in site order, never in order of arrival, so that the result does not depend on it. What the database
   * refused, tonight or before, is then tried again: another site may have brought what was missing.
   */
  async #merge(handle: StepHandle): Promise<void> {
    const context = { ...this.#options, tracked: this.#checked(), plain: this.#plain };
    const merged = await mergedBatches(context.database);
    for (const site of this.#delivered) {
      const whole = await mergeDelivered(handle, site, merged.get(site.number) ?? 0, context);
      if (whole) setSites(handle.report, [site], 'merged');
    }
    context.signal.throwIfAborted();
    await retryRefusedRows(handle, context);
  }

  async #publish(handle: StepHandle): Promise<void> {
    await this.#publishRound(handle);
    await this.#options.onChanged();
  }

  /** `since`: it takes the place of the rounds after this one. */
  async #publishRound(handle: StepHandle, place: { readonly since?: number } = {}): Promise<void> {
    const { database, folder, application, clock, signal } = this.#options;
    const { catalogue, state } = this.#checked();
    const round = state.lastMarked + 1;
    const total = await database.pending();
    let done = 0;
    const manifest = await writeRound(database, {
      ...place,
      round,
      roundsFolder: folder.roundsFolder,
      application,
      schemas: schemasOf(catalogue.tables),
      sites: this.#everyone().map(({ number }) => number),
      tables: catalogue.tables.map(({ name }) => name),
      now: clock.now(),
      signal,
      plain: this.#plain,
      onChanges: (table, changes) => {
        done += changes;
        handle.countTable(table, { sent: changes });
        handle.progress({ done, total: Math.max(total, done), unit: 'rows' });
      },
    });
    handle.count({ rows: done, bytes: manifest.segments.reduce((sum, { size }) => sum + size, 0) });
    handle.report.round = round;
    handle.info('session.hub.published', { round, rows: done });
    await notePublished(database, folder, { ...state, lastMarked: round });
  }

  async #waitAcknowledgements(handle: StepHandle): Promise<void> {
    const { folder, signal, arrival, onChanged } = this.#options;
    const round = this.#checked().state.lastMarked + 1;
    const deadline = this.#options.acknowledgement();
    for (;;) {
      const late: HubSite[] = [];
      for (const site of this.#waiting) {
        if ((await folder.acknowledged(site.number)) < round) late.push(site);
        else if (siteLine(handle.report, site).state === 'merged')
          setSites(handle.report, [site], 'upToDate');
      }
      const { length } = this.#waiting;
      handle.progress({ done: length - late.length, total: length, unit: 'sites', left: deadline.left });
      if (late.length === 0 || deadline.left === 0) {
        for (const { name } of late) handle.partial('session.hub.notAcknowledged', { site: name, round });
        break;
      }
      await arrival(deadline.left, signal);
    }
    await tidyHub(handle, this.#checked().catalogue.tables, this.#options);
    await onChanged();
  }

  /** Active and retired sites, by number. */
  #everyone(): readonly HubSite[] {
    const { sites, retired } = this.#options;
    return [...sites, ...retired].sort((a, b) => a.number - b.number);
  }

  #checked(): Tracked {
    if (this.#tracked === null) throw new Error('the check step comes first');
    return this.#tracked;
  }
}

/** A declaration that names nothing counts nothing: its table or column is misspelt, gone or no number. */
function sayUnknown({ catalogue }: Tracked, declared: AdditiveColumns, handle: StepHandle): void {
  for (const { table, column } of unknownAdditive(catalogue.tables, declared))
    handle.warn('session.additive.unknown', { table, column });
}
