import { join } from 'node:path';
import { sinceOf, type Manifest, type Segment } from '../batch/manifest';
import type { Catalogue, TrackingState } from '../database/port';
import { isCatchingUp } from '../database/tracking-numbers';
import { applyRound } from '../merge/apply-round';
import { SyncError } from '../shared/errors';
import { makeFolder, removeFolder } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import { retryDatabase, retryUntil, type StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import { Proofs } from './proofs';
import { sayRetry } from './site-sending';

/** A site's way of receiving: the hub's rounds, in order, into its database. */
export class SiteRounds {
  readonly #options: SiteSessionOptions;
  readonly #rounds: { manifest: Manifest; files: string[] }[] = [];
  #position = 0;
  /** This database has forgotten changes of its own, which it takes again. */
  #takesOwn = false;

  constructor(options: SiteSessionOptions) {
    this.#options = options;
  }

  /** The last round applied. */
  get position(): number {
    return this.#position;
  }

  startFrom(state: TrackingState): void {
    this.#position = state.position;
    this.#takesOwn = isCatchingUp(state);
  }

  /**
   * The round that follows here: the next one, or the one that took the place of rounds that the hub lost. Rejects with
   * `session.roundPruned` {round, first} where the hub did not wait for this site, which then goes on from a copy of it.
   */
  async next({ round, firstRound: first = 0 }: HubStatus): Promise<number> {
    const { link, deadline, signal } = this.#options;
    const next = this.#position + 1;
    if (next > round || next >= first) return next;
    const manifest = await retryUntil(deadline, this.#options, () => link.manifest(first, signal));
    if (sinceOf(manifest) > this.#position)
      throw new SyncError('session.roundPruned', { params: { round: next, first } });
    return first;
  }

  /** Every round after the last one applied, in order. */
  async receive(handle: StepHandle, hub: HubStatus): Promise<void> {
    const { link, deadline, signal, site, inbox } = this.#options;
    // What a cut download left there goes on from where it was.
    await makeFolder(inbox);
    for (let round = await this.next(hub); round <= hub.round; round += 1) {
      const manifest = await retryUntil(deadline, this.#options, () => link.manifest(round, signal));
      const files: string[] = [];
      for (const segment of manifest.segments.filter(({ origin }) => this.#takesOwn || origin !== site)) {
        const file = join(inbox, `${String(round)}-${segment.name}`);
        const onProgress = (bytes: number): void =>
          handle.progress({ done: bytes, total: segment.size, unit: 'bytes', file: segment.name });
        const damage = countDamage(round, segment);
        await retryUntil(
          deadline,
          this.#options,
          () => link.fetchSegment(round, segment, file, { signal, onProgress }).catch(damage),
          (error) => sayRetry(handle, error),
        );
        files.push(file);
        handle.count({ bytes: segment.size, rows: segment.changes });
      }
      this.#rounds.push({ manifest, files });
      handle.info('session.site.received', { round });
    }
  }

  async apply(handle: StepHandle, { tables }: Catalogue): Promise<void> {
    const { database, site, signal, inbox } = this.#options;
    const total = this.#rounds.reduce(
      (sum, { files, manifest }) => sum + (files.length > 0 ? changesOf(manifest, site) : 0),
      0,
    );
    let before = 0;
    const proofs = new Proofs();
    for (const { manifest, files } of this.#rounds.splice(0)) {
      signal.throwIfAborted();
      let done = 0;
      const onProgress = (changes: number): void => {
        done += changes;
        handle.progress({ done: before + done, total, unit: 'rows' });
      };
      const outcome = await retryDatabase(this.#options, handle, () => {
        done = 0;
        return applyRound(database, manifest, { site, tables, files, onProgress });
      });
      before += done;
      proofs.add(outcome.proofs);
      this.#position = manifest.round;
      handle.report.round = manifest.round;
      for (const [table, rows] of outcome.written) {
        handle.count({ rows });
        if (rows > 0) handle.countTable(table, { received: rows });
      }
      for (const { table, why, params } of outcome.reasons) {
        if (why === 'unknown') handle.warn('session.tableHeld', { table });
        else handle.warn(`session.site.held.${why}`, { table, ...params });
      }
      if (outcome.waiting > 0) handle.info('session.site.rowsWaiting', { rows: outcome.waiting });
      for (const { table, reason, rows } of outcome.unwritten) {
        handle.countTable(table, { refused: rows });
        handle.warn(`session.site.unwritten.${reason}`, { table, rows });
      }
      const unwritten = outcome.unwritten.reduce((sum, { rows }) => sum + rows, 0);
      if (unwritten > 0) handle.partial('session.site.rowsUnwritten', { rows: unwritten });
      handle.info('session.site.applied', { round: manifest.round });
    }
    proofs.tell(handle);
    await removeFolder(inbox);
  }

  async acknowledge(handle: StepHandle, hub: HubStatus): Promise<void> {
    const { link, deadline, signal, clock } = this.#options;
    if (this.#position <= hub.site.acknowledged) return;
    const warnings = handle.report.steps.filter(({ state }) => state === 'warning').length;
    const at = new Date(clock.now()).toISOString();
    await retryUntil(deadline, this.#options, () =>
      link.acknowledge({ round: this.#position, at, warnings }, signal),
    );
  }
}

/** Bytes that arrive wrong so many times lie so at the hub: no further try helps, and somebody has to put them right. */
const MOST_DAMAGED = 3;

/** Throws what a download failed with, in the end `hub.segmentDamaged` {round, file}. */
function countDamage(round: number, { name }: Segment): (error: unknown) => never {
  let damaged = 0;
  return (error) => {
    if (error instanceof SyncError && error.code === 'hub.digest') damaged += 1;
    if (damaged < MOST_DAMAGED) throw error;
    throw new SyncError('hub.segmentDamaged', { params: { round, file: name }, cause: error });
  };
}

const changesOf = (manifest: Manifest, site: number): number =>
  manifest.segments.reduce((sum, { origin, changes }) => (origin === site ? sum : sum + changes), 0);
