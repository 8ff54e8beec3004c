import type { HistoryLine, SiteResult } from '../report/report';
import type { ReportStore } from '../report/report-store';
import type { WayOut } from './contract';
import { wayOutOf } from './way-out';

/** Bars of an establishment's strip. */
const RESULTS = 30;
/** Sessions looked through for the last success of an establishment. */
const LOOKED_THROUGH = 1000;

export interface PastOfSite {
  /** End of the last session after which it was up to date, ISO 8601. */
  lastSuccess: string | null;
  /** Newest first. */
  readonly results: SiteResult[];
}

/** What past sessions say about today: read from their reports, and kept. */
export class PastSessions {
  readonly #reports: ReportStore;
  #last: HistoryLine | null = null;
  #lastComplete: HistoryLine | null = null;
  #wayOut: WayOut | null = null;
  #sites: ReadonlyMap<number, PastOfSite> = new Map();

  constructor(reports: ReportStore) {
    this.#reports = reports;
  }

  /** The last session that has ended. */
  get last(): HistoryLine | null {
    return this.#last;
  }

  /** What the last session that has ended leaves to be decided. */
  get wayOut(): WayOut | null {
    return this.#wayOut;
  }

  get lastComplete(): HistoryLine | null {
    return this.#lastComplete;
  }

  ofSite(number: number): PastOfSite {
    return this.#sites.get(number) ?? { lastSuccess: null, results: [] };
  }

  /** `sites`: numbers of those whose past is of interest. */
  async read(sites: readonly number[]): Promise<void> {
    const past = new Map(
      sites.map((number): [number, PastOfSite] => [number, { lastSuccess: null, results: [] }]),
    );
    let last: HistoryLine | null = null;
    let complete: HistoryLine | null = null;
    let read = 0;
    for await (const { line, sites: states } of this.#reports.newest()) {
      if (line.state === 'running') continue;
      read += 1;
      last ??= line;
      if (line.state === 'ok' || line.state === 'warnings') complete ??= line;
      for (const { number, state } of states) addResult(past.get(number), line, state);
      const known = complete !== null && [...past.values()].every(isFull);
      if (known || read >= LOOKED_THROUGH) break;
    }
    this.#wayOut = last?.state === 'failed' ? wayOutOf(await this.#reports.read(last.id)) : null;
    this.#last = last;
    this.#lastComplete = complete;
    this.#sites = past;
  }
}

const isFull = ({ lastSuccess, results }: PastOfSite): boolean =>
  lastSuccess !== null && results.length >= RESULTS;

function addResult(
  past: PastOfSite | undefined,
  { id, startedAt, endedAt }: HistoryLine,
  state: SiteResult['state'],
): void {
  if (past === undefined) return;
  if (past.results.length < RESULTS) past.results.push({ id, startedAt, state });
  if (state === 'upToDate') past.lastSuccess ??= endedAt ?? startedAt;
}
