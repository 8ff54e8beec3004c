import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Header } from '../batch/header';
import type { Manifest } from '../batch/manifest';
import { writeBatch } from '../capture/write-batch';
import type { Database, Installation } from '../database/port';
import { applyRound } from '../merge/apply-round';
import { fingerprintsOf } from '../merge/schema-differences';
import { renameDurable } from '../shared/atomic-file';
import { SyncError } from '../shared/errors';
import type { HubLink, HubStatus } from '../transport/port';
import type { Deadline } from './deadline';
import { batchesIn, batchFile, pruneBatches } from '../transport/batch-files';
import type { SessionEnvironment, Step, StepHandle } from './session';
import { retryUntil } from './session';
import type { Tracked } from './tracking';
import { checkTracking } from './tracking';

export interface SiteSessionOptions extends SessionEnvironment {
  readonly database: Database;
  readonly link: HubLink;
  readonly installation: Installation;
  readonly application: string;
  /** This site's number. */
  readonly site: number;
  readonly outbox: string;
  readonly inbox: string;
  /** Started by hand: the hub is asked to open a session now. */
  readonly manual: boolean;
  /** How long it waits for the hub, and then for its round: restarted by RAZ. */
  readonly deadline: Deadline;
  /** Between two looks at the hub while waiting, milliseconds. */
  readonly pollInterval: number;
  /** How long sent changes and batches are kept, milliseconds. */
  readonly retention: number;
}

/** A site's session. What its steps hand on to each other is here; all that must outlive a power cut is on disk. */
export class SiteSession {
  readonly steps: readonly Step[] = [
    { name: 'check', run: (handle) => this.#check(handle) },
    { name: 'capture', run: (handle) => this.#capture(handle) },
    { name: 'write', run: (handle) => this.#write(handle) },
    { name: 'send', run: (handle) => this.#send(handle) },
    { name: 'wait', run: (handle) => this.#wait(handle) },
    { name: 'receive', run: (handle) => this.#receive(handle) },
    { name: 'apply', run: (handle) => this.#apply(handle) },
    { name: 'acknowledge', run: (handle) => this.#acknowledge(handle) },
  ];

  readonly #options: SiteSessionOptions;
  #tracked: Tracked | null = null;
  #hub: HubStatus | null = null;
  /** The batch that was captured and is not yet named. */
  #captured: { batch: number; file: string; size: number } | null = null;
  readonly #rounds: { manifest: Manifest; files: string[] }[] = [];
  #position = 0;
  /** Hub time minus the time here, milliseconds. */
  #clockOffset = 0;
  #asked = 0;

  constructor(options: SiteSessionOptions) {
    this.#options = options;
  }

  async #check(handle: StepHandle): Promise<void> {
    const { database, installation, outbox } = this.#options;
    await mkdir(outbox, { recursive: true });
    const tracked = await checkTracking(database, installation, handle);
    const hub = await this.#reach(handle);
    this.#hub = hub;
    this.#position = tracked.state.position;
    refuseRestored(tracked, hub);
    this.#tracked = await this.#releaseUnnamed(tracked, hub, handle);
  }

  /** The hub's status; a hub that is not up yet is tried again within the limit. */
  async #reach(handle: StepHandle): Promise<HubStatus> {
    const { deadline } = this.#options;
    let said = false;
    return retryUntil(
      deadline,
      this.#options,
      () => this.#readClock(),
      () => {
        if (!said) handle.info('session.site.hubAwaited');
        said = true;
      },
    );
  }

  /** Asks the hub for its status, and measures by it how far this machine's clock is from the hub's. */
  async #readClock(): Promise<HubStatus> {
    const { link, clock, signal } = this.#options;
    const asked = clock.now();
    const hub = await link.status(signal);
    this.#clockOffset = Math.round(hub.time - (asked + clock.now()) / 2);
    return hub;
  }

  /** A power cut can fall between a batch's marks and its name: nobody has seen it, its changes are captured anew. */
  async #releaseUnnamed(tracked: Tracked, hub: HubStatus, handle: StepHandle): Promise<Tracked> {
    const { database, outbox } = this.#options;
    const { lastMarked, included } = tracked.state;
    const known = new Set([...(await batchesIn(outbox)), ...hub.site.received]);
    for (let batch = Math.max(included, hub.site.merged) + 1; batch <= lastMarked; batch += 1) {
      if (known.has(batch)) continue;
      if (batch < lastMarked) throw new SyncError('outbox.batchMissing', { params: { batch } });
      await database.release(batch);
      handle.info('session.site.released', { batch });
      return { ...tracked, state: { ...tracked.state, lastMarked: batch - 1 } };
    }
    return tracked;
  }

  async #capture(handle: StepHandle): Promise<void> {
    const { database, outbox, site, application, signal } = this.#options;
    const { catalogue, state } = this.#checked().tracked;
    const outstanding = state.lastMarked > Math.max(state.included, this.#checked().hub.site.merged);
    const pending = await database.pending();
    if (pending === 0 && outstanding) {
      handle.info('session.site.nothingNew', { batch: state.lastMarked });
      return;
    }
    const batch = state.lastMarked + 1;
    const file = `${batchFile(outbox, batch)}.tmp`;
    const header: Header = {
      format: 1,
      application,
      kind: 'batch',
      origin: site,
      number: batch,
      base: state.position,
      fingerprints: fingerprintsOf(catalogue.tables),
      clockOffset: this.#clockOffset,
    };
    let rows = 0;
    const { size } = await writeBatch(database, file, header, {
      tables: catalogue.tables.map(({ name }) => name),
      signal,
      onBlock: ({ table, changes }) => {
        rows += changes.length;
        handle.count({ rows: changes.length });
        handle.countTable(table, { sent: changes.length });
        handle.progress({ done: rows, total: Math.max(rows, pending), unit: 'rows' });
      },
    });
    this.#captured = { batch, file, size };
    handle.info('session.site.captured', { batch, rows });
  }

  /** From its final name on, the batch never changes. */
  async #write(handle: StepHandle): Promise<void> {
    if (this.#captured === null) return;
    const { batch, file, size } = this.#captured;
    await renameDurable(file, batchFile(this.#options.outbox, batch));
    handle.count({ bytes: size });
  }

  async #send(handle: StepHandle): Promise<void> {
    const { link, outbox, deadline, signal } = this.#options;
    const { hub } = this.#checked();
    const unsent = (await batchesIn(outbox)).filter(
      (batch) => batch > hub.site.merged && !hub.site.received.includes(batch),
    );
    for (const batch of unsent) {
      const file = batchFile(outbox, batch);
      const { size } = await stat(file);
      const onProgress = (bytes: number): void =>
        handle.progress({ done: bytes, total: size, unit: 'bytes', file: `${String(batch)}.batch` });
      await retryUntil(
        deadline,
        this.#options,
        () => link.sendBatch(batch, file, { signal, onProgress }),
        (error) => this.#sayRetry(handle, error),
      );
      handle.count({ bytes: size });
      handle.info('session.site.sent', { batch, bytes: size });
    }
  }

  #sayRetry(handle: StepHandle, error: unknown): void {
    handle.info('session.retry', { code: error instanceof SyncError ? error.code : 'unexpected' });
  }

  /** Until the hub publishes a round that includes the last batch, or the limit passes. */
  async #wait(handle: StepHandle): Promise<void> {
    const { link, deadline, clock, signal, outbox, pollInterval } = this.#options;
    const last = Math.max(this.#checked().tracked.state.included, ...(await batchesIn(outbox)));
    handle.info('session.site.waiting', { batch: last });
    for (let told = false; ; told = true) {
      const hub = await retryUntil(deadline, this.#options, () => link.status(signal));
      this.#hub = hub;
      if (hub.round > this.#position) {
        const manifest = await retryUntil(deadline, this.#options, () => link.manifest(hub.round, signal));
        if (includedBatch(manifest, this.#options.site) >= last) return;
      }
      // Not once only: a hub that was started anew does not know any more who waits.
      if (!told || hub.site.waiting !== true)
        await retryUntil(deadline, this.#options, () => this.#tellWaiting());
      // The hub waits for this site to apply what is there, and will only then see to the last batch.
      if (hub.round > this.#position) await this.#takeRounds(handle);
      if (deadline.left === 0) break;
      handle.progress({ done: 0, total: null, unit: 'bytes', left: deadline.left });
      await clock.delay(Math.min(pollInterval, deadline.left), signal);
    }
    handle.partial('session.site.roundLate', { batch: last });
  }

  async #tellWaiting(): Promise<void> {
    const { link, manual, signal } = this.#options;
    if (!manual || this.#asked >= MOST_REQUESTS) return link.tellWaiting(signal);
    await link.requestSession(signal);
    this.#asked += 1;
  }

  async #takeRounds(handle: StepHandle): Promise<void> {
    await this.#receive(handle);
    await this.#apply(handle);
    await this.#acknowledge(handle);
  }

  /** Every round after the last one applied, in order. */
  async #receive(handle: StepHandle): Promise<void> {
    const { link, deadline, signal, site, inbox } = this.#options;
    // What a cut download left there goes on from where it was.
    await mkdir(inbox, { recursive: true });
    for (let round = this.#position + 1; round <= this.#checked().hub.round; round += 1) {
      const manifest = await retryUntil(deadline, this.#options, () => link.manifest(round, signal));
      const files: string[] = [];
      for (const segment of manifest.segments.filter(({ origin }) => origin !== site)) {
        const file = join(inbox, `${String(round)}-${segment.name}`);
        const onProgress = (bytes: number): void =>
          handle.progress({ done: bytes, total: segment.size, unit: 'bytes', file: segment.name });
        await retryUntil(
          deadline,
          this.#options,
          () => link.fetchSegment(round, segment, file, { signal, onProgress }),
          (error) => this.#sayRetry(handle, error),
        );
        files.push(file);
        handle.count({ bytes: segment.size, rows: segment.changes });
      }
      this.#rounds.push({ manifest, files });
      handle.info('session.site.received', { round });
    }
  }

  async #apply(handle: StepHandle): Promise<void> {
    const { database, site, signal, inbox, outbox, clock, retention } = this.#options;
    const { catalogue } = this.#checked().tracked;
    const total = this.#rounds.reduce(
      (sum, { files, manifest }) => sum + (files.length > 0 ? changesOf(manifest, site) : 0),
      0,
    );
    let done = 0;
    for (const { manifest, files } of this.#rounds.splice(0)) {
      signal.throwIfAborted();
      const onProgress = (changes: number): void => {
        done += changes;
        handle.progress({ done, total, unit: 'rows' });
      };
      const outcome = await applyRound(database, manifest, {
        site,
        tables: catalogue.tables,
        files,
        onProgress,
      });
      this.#position = manifest.round;
      handle.report.round = manifest.round;
      for (const [table, rows] of outcome.written) {
        handle.count({ rows });
        if (rows > 0) handle.countTable(table, { received: rows });
      }
      for (const table of outcome.held) handle.warn('session.tableHeld', { table });
      if (outcome.waiting > 0) handle.info('session.site.rowsWaiting', { rows: outcome.waiting });
      if (outcome.unwritten > 0) handle.partial('session.site.rowsUnwritten', { rows: outcome.unwritten });
      handle.info('session.site.applied', { round: manifest.round });
    }
    await rm(inbox, { recursive: true, force: true });
    const state = await database.state();
    const before = clock.now() - retention;
    await database.purge(state?.included ?? 0, before);
    await pruneBatches(outbox, state?.included ?? 0, before);
  }

  async #acknowledge(handle: StepHandle): Promise<void> {
    const { link, deadline, signal, clock } = this.#options;
    if (this.#position <= this.#checked().hub.site.acknowledged) return;
    const warnings = handle.report.steps.filter(({ state }) => state === 'warning').length;
    const at = new Date(clock.now()).toISOString();
    await retryUntil(deadline, this.#options, () =>
      link.acknowledge({ round: this.#position, at, warnings }, signal),
    );
  }

  #checked(): { tracked: Tracked; hub: HubStatus } {
    if (this.#tracked === null || this.#hub === null) throw new Error('the check step comes first');
    return { tracked: this.#tracked, hub: this.#hub };
  }
}

/** A hub that answers and leaves the batch out, again and again, is not asked for ever. */
const MOST_REQUESTS = 3;

/** An old copy of either database is noticed before anything moves. */
function refuseRestored({ state }: Tracked, { site, round }: HubStatus): void {
  if (site.merged > state.lastMarked || site.acknowledged > state.position) {
    throw new SyncError('session.siteRestored', { params: { batch: site.merged, known: state.lastMarked } });
  }
  if (round < state.position) {
    throw new SyncError('session.hubRestored', { params: { round, known: state.position } });
  }
}

const includedBatch = (manifest: Manifest, site: number): number =>
  manifest.sites.find((line) => line.site === site)?.batch ?? 0;

const changesOf = (manifest: Manifest, site: number): number =>
  manifest.segments.reduce((sum, { origin, changes }) => (origin === site ? sum : sum + changes), 0);
