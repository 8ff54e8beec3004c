import type { Manifest } from '../batch/manifest';
import { isCatchingUp } from '../database/tracking-numbers';
import { SyncError } from '../shared/errors';
import { batchesIn, makeFolder } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import { settleRestoredHub } from './restored-hub';
import { settleRestoredSite } from './restored-site';
import { settleNumber } from './site-number';
import { retryUntil, type Step, type StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import { SiteRounds } from './site-rounds';
import { SiteSending } from './site-sending';
import { tidySite } from './tidy-site';
import { checkTracking, followAdditive, type Tracked } from './tracking';

/** A site's session. What its steps hand on to each other is here; all that must outlive a power cut is on disk. */
export class SiteSession {
  readonly steps: readonly Step[] = [
    { name: 'check', run: (handle) => this.#check(handle) },
    { name: 'capture', run: (handle) => this.#capture(handle) },
    { name: 'write', run: (handle) => this.#sending.write(handle) },
    { name: 'send', run: (handle) => this.#sending.send(handle, this.#checked().hub) },
    { name: 'wait', run: (handle) => this.#wait(handle) },
    { name: 'receive', run: (handle) => this.#rounds.receive(handle, this.#checked().hub) },
    { name: 'apply', run: (handle) => this.#rounds.apply(handle, this.#checked().tracked.catalogue) },
    { name: 'acknowledge', run: (handle) => this.#acknowledge(handle) },
  ];

  readonly #options: SiteSessionOptions;
  readonly #sending: SiteSending;
  readonly #rounds: SiteRounds;
  #tracked: Tracked | null = null;
  #hub: HubStatus | null = null;
  /** Hub time minus the time here, milliseconds. */
  #clockOffset = 0;
  #asked = 0;

  constructor(options: SiteSessionOptions) {
    this.#options = options;
    this.#sending = new SiteSending(options);
    this.#rounds = new SiteRounds(options);
  }

  async #check(handle: StepHandle): Promise<void> {
    const { database, installation, site, outbox } = this.#options;
    await makeFolder(outbox);
    const checked = await checkTracking(database, installation, site, handle);
    const hub = await this.#reach(handle);
    this.#hub = hub;
    const known = await settleNumber(handle, checked, hub, this.#options);
    const agreed = await settleRestoredHub(handle, known, hub, this.#options);
    const settled = await settleRestoredSite(handle, agreed, hub, this.#options);
    this.#rounds.startFrom(settled.state);
    await this.#rounds.next(hub);
    const tracked =
      hub.additive === undefined
        ? settled
        : await followAdditive(database, installation, settled, hub.additive, handle);
    this.#tracked = await this.#sending.releaseLost(handle, tracked, hub);
    if (hub.round > this.#rounds.position) await this.#catchUp(handle);
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

  async #capture(handle: StepHandle): Promise<void> {
    const { tracked, hub } = this.#checked();
    await this.#sending.capture(handle, tracked, hub, this.#clockOffset);
  }

  /**
   * What there is of rounds comes first: the batch then tells of each row what its author has seen. A batch that is always
   * one round behind would for ever go on from one that the hub left out. Not acknowledged before the batch is there.
   * A round that the hub cannot give is told when it is received: what is here goes out all the same.
   */
  async #catchUp(handle: StepHandle): Promise<void> {
    const { tracked, hub } = this.#checked();
    try {
      await this.#rounds.receive(handle, hub);
    } catch (error) {
      if (isCatchingUp(tracked.state) || !isLostAtHub(error)) throw error;
    }
    await this.#rounds.apply(handle, tracked.catalogue);
    const state = await this.#options.database.state();
    if (state !== null) this.#tracked = { ...this.#checked().tracked, state };
  }

  /** Until the hub publishes a round that includes the last batch, or the limit passes. */
  async #wait(handle: StepHandle): Promise<void> {
    const { link, deadline, signal, outbox } = this.#options;
    const last = Math.max(this.#checked().tracked.state.included, ...(await batchesIn(outbox)));
    handle.info('session.site.waiting', { batch: last });
    // A cut can fall between a round applied and its acknowledgement, for which the hub may still wait. Not before the
    // batch is there: a hub that finds everyone up to date, and nothing new, waits for nobody.
    await this.#rounds.acknowledge(handle, this.#checked().hub);
    let waited = 0;
    for (let told = false; ; told = true) {
      const hub = await retryUntil(deadline, this.#options, () => link.status(signal));
      this.#hub = hub;
      if (hub.round > this.#rounds.position) {
        const manifest = await retryUntil(deadline, this.#options, () => link.manifest(hub.round, signal));
        if (includedBatch(manifest, this.#options.site) >= last) return;
      }
      // Not once only: a hub that was started anew does not know any more who waits.
      if (!told || hub.site.waiting !== true)
        await retryUntil(deadline, this.#options, () => this.#tellWaiting());
      // The hub waits for this site to apply what is there, and will only then see to the last batch.
      if (hub.round > this.#rounds.position) await this.#takeRounds(handle);
      if (deadline.left === 0) break;
      waited += await this.#lookForRound(handle, hub.round + 1, waited);
    }
    handle.partial('session.site.roundLate', { batch: last });
  }

  /** Until the round is there, or it is time to ask the hub for its whole status again. Gives the time it took. */
  async #lookForRound(handle: StepHandle, round: number, waited: number): Promise<number> {
    const { link, deadline, clock, signal, pollInterval } = this.#options;
    let paused = 0;
    while (paused < STATUS_INTERVAL && deadline.left > 0) {
      handle.progress({ done: 0, total: null, unit: 'bytes', left: deadline.left });
      const pause = Math.min(Math.max(FIRST_LOOK, (waited + paused) / 4), pollInterval, deadline.left);
      await clock.delay(pause, signal);
      paused += pause;
      if (await retryUntil(deadline, this.#options, () => link.isPublished(round, signal))) break;
    }
    return paused;
  }

  async #tellWaiting(): Promise<void> {
    const { link, manual, signal } = this.#options;
    if (!manual || this.#asked >= MOST_REQUESTS) return link.tellWaiting(signal);
    await link.requestSession(signal);
    this.#asked += 1;
  }

  async #takeRounds(handle: StepHandle): Promise<void> {
    const { tracked, hub } = this.#checked();
    await this.#rounds.receive(handle, hub);
    await this.#rounds.apply(handle, tracked.catalogue);
    await this.#rounds.acknowledge(handle, hub);
  }

  async #acknowledge(handle: StepHandle): Promise<void> {
    await this.#rounds.acknowledge(handle, this.#checked().hub);
    await tidySite(handle, this.#options);
  }

  #checked(): { tracked: Tracked; hub: HubStatus } {
    if (this.#tracked === null || this.#hub === null) throw new Error('the check step comes first');
    return { tracked: this.#tracked, hub: this.#hub };
  }
}

/**
 * Where nobody has much to tell the round is there in a moment: a site first looks again after so many milliseconds, and
 * then after a quarter of what it has waited, so that no long wait grows much longer by it.
 */
const FIRST_LOOK = 100;

/** How long a hub that was started anew may not know who waits, milliseconds. */
const STATUS_INTERVAL = 5_000;

/** A hub that answers and leaves the batch out, again and again, is not asked for ever. */
const MOST_REQUESTS = 3;

const isLostAtHub = (error: unknown): boolean =>
  error instanceof SyncError && ['hub.roundMissing', 'hub.segmentDamaged'].includes(error.code);

const includedBatch = (manifest: Manifest, site: number): number =>
  manifest.sites.find((line) => line.site === site)?.batch ?? 0;
