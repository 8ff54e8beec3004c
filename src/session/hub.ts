import { PlainBatches } from '../capture/plain-batches';
import { warnOfAbsent } from './absent-sites';
import { checkHub } from './hub-check';
import type { HubSite } from './hub-folder';
import { mergeDelivered } from './hub-merge';
import { everyone, type HubSessionOptions } from './hub-options';
import { publishRound } from './hub-publish';
import { retryRefusedRows } from './hub-retry';
import { sitesBehind, sitesWithNews } from './hub-standing';
import type { Step, StepHandle } from './session';
import { SessionEnd } from './session';
import { setSites, siteLine } from './site-lines';
import { tidyHub } from './tidy-hub';
import type { Tracked } from './tracking';

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
    this.#tracked = await checkHub(handle, { ...this.#options, plain: this.#plain });
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
      const waiting = new Set(sites.filter(waits));
      // Of many sites each says several things: only at those that can have become complete is it worth looking.
      const open = sites.filter(
        (site) => !announced.has(site.number) && (waiting.has(site) || behind.has(site.number)),
      );
      const news = await sitesWithNews({ ...this.#options, sites: open });
      const delivered = news.filter((site) => waiting.has(site));
      for (const site of expected) siteLine(handle.report, site);
      setSites(handle.report, delivered, 'received');
      for (const { name, number } of delivered) {
        handle.info('session.hub.delivered', { site: name });
        announced.add(number);
      }
      const stillBehind = await sitesBehind({ ...this.#options, sites: open }, lastMarked);
      const withNews = new Set(news.map(({ number }) => number));
      const caughtUp = (number: number): boolean =>
        behind.has(number) && !stillBehind.has(number) && !withNews.has(number);
      const missing = expected.filter(({ number }) => !announced.has(number) && !caughtUp(number));
      const served = expected.filter(({ number }) => !announced.has(number) && caughtUp(number));
      setSites(handle.report, served, 'upToDate');
      const done = expected.length - missing.length;
      handle.progress({ done, total: expected.length, unit: 'sites', left: reception.left });
      const early = grace !== null && grace.left > 0 && announced.size < sites.length;
      if ((missing.length === 0 && !early) || reception.left === 0) {
        this.#delivered = await sitesWithNews({ ...this.#options, sites: everyone(this.#options) });
        this.#waiting = this.#delivered.filter((site) => waiting.has(site));
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
    const reach = await this.#options.folder.reach();
    const context = { ...this.#options, tracked: this.#checked(), plain: this.#plain, reach };
    const merged = await context.database.lastMerged();
    for (const site of this.#delivered) {
      const whole = await mergeDelivered(handle, site, merged.get(site.number) ?? 0, context);
      if (whole) setSites(handle.report, [site], 'merged');
    }
    context.signal.throwIfAborted();
    await retryRefusedRows(handle, context);
  }

  async #publish(handle: StepHandle): Promise<void> {
    await publishRound(handle, { ...this.#options, tracked: this.#checked(), plain: this.#plain });
    await this.#options.onChanged();
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

  #checked(): Tracked {
    if (this.#tracked === null) throw new Error('the check step comes first');
    return this.#tracked;
  }
}
