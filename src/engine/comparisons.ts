import { rm } from 'node:fs/promises';
import type { Value } from '../batch/block';
import { compareTables, type ComparedTable, type CompareOptions } from '../compare/compare';
import type { Difference } from '../compare/differences';
import { repairTables } from '../compare/repair';
import type { Database, Table } from '../database/port';
import { SyncError } from '../shared/errors';
import { emptyFolder } from '../transport/batch-files';
import { cellOf, isSame } from './cells';
import type {
  Comparison,
  CompareRequest,
  ComparisonProgress,
  DifferingRow,
  RepairOutcome,
  RepairRequest,
  TableComparison,
} from './contract';
import { HubRuntime } from './hub-runtime';
import type { Sessions } from './sessions';
import { throttled } from './throttle';
import type { Workplace } from './workplace';

/** Rows of a comparison that are kept to be shown, in all. */
const MOST_SHOWN = 1000;

/** Progress is told at most this often, milliseconds. */
const PROGRESS_INTERVAL = 200;

/** Comparing this site with its hub, and repairing what differs; never beside a session. */
export class Comparisons {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  #abort: AbortController | null = null;
  #work: Promise<unknown> = Promise.resolve();

  constructor(place: Workplace, sessions: Sessions) {
    this.#place = place;
    this.#sessions = sessions;
  }

  get running(): boolean {
    return this.#abort !== null;
  }

  /** Throws `compare.running` where one runs. */
  refuseDuring(): void {
    if (this.running) throw new SyncError('compare.running');
  }

  compare({ table }: CompareRequest = {}): Promise<Comparison> {
    return this.#run(async (options) => {
      const shown = new Map<string, DifferingRow[]>();
      let room = MOST_SHOWN;
      const onDifferences = (table: Table, differences: readonly Difference[]): void => {
        const some = differences.slice(0, room);
        room -= some.length;
        shown.set(table.name, [
          ...(shown.get(table.name) ?? []),
          ...some.map((each) => describe(table, each)),
        ]);
      };
      const tables = await compareTables({ ...options, table: table ?? null, onDifferences });
      const different = tables.filter((table) => table.different > 0).length;
      if (different > 0) this.#place.say('warning', 'compare.done.differs', { count: different });
      else this.#place.say('info', 'compare.done.equal', { count: tables.length });
      return {
        at: new Date(options.clock.now()).toISOString(),
        tables: tables.map((table) => lineOf(table, shown.get(table.table) ?? [])),
      };
    });
  }

  repair({ right, table, rows }: RepairRequest): Promise<RepairOutcome> {
    return this.#run(async (options, site) => {
      const chosen = rows === undefined ? null : new Set(rows);
      const { application } = this.#place.parts;
      const tables = await repairTables({
        ...options,
        right,
        table: table ?? null,
        rows: chosen,
        site,
        application,
      });
      const count = tables.reduce((sum, { repaired }) => sum + repaired, 0);
      this.#place.say('info', `compare.repaired.${right}`, { count });
      this.#place.events.conflictsChanged();
      return { tables };
    });
  }

  /** Resolves once none is under way. */
  async stop(): Promise<void> {
    this.#abort?.abort(new SyncError('compare.stopped'));
    await this.#work.catch(() => undefined);
  }

  #run<T>(
    work: (options: Omit<CompareOptions, 'table' | 'onDifferences'>, site: number) => Promise<T>,
  ): Promise<T> {
    const done = this.#guarded(work);
    this.#work = done;
    return done;
  }

  async #guarded<T>(
    work: (options: Omit<CompareOptions, 'table' | 'onDifferences'>, site: number) => Promise<T>,
  ): Promise<T> {
    this.#sessions.refuseDuring();
    this.refuseDuring();
    const { parts, paths, events } = this.#place;
    const { site } = this.#place.configured();
    const runtime = this.#place.runtime();
    if (runtime instanceof HubRuntime) throw new SyncError('compare.atHub');
    if (site === null) throw new SyncError('settings.notPaired');
    const abort = new AbortController();
    this.#abort = abort;
    let last: ComparisonProgress | null = null;
    const tell = throttled(parts.clock, PROGRESS_INTERVAL, () => {
      if (this.#abort === abort) events.comparing(last);
    });
    const onProgress = (progress: ComparisonProgress): void => {
      last = progress;
      tell();
    };
    const link = runtime.openLink();
    try {
      await emptyFolder(paths.compare);
      return await this.#place.withDatabase((database: Database) =>
        work(
          { database, link, clock: parts.clock, signal: abort.signal, folder: paths.compare, onProgress },
          site.number,
        ),
      );
    } finally {
      link.close();
      await rm(paths.compare, { recursive: true, force: true });
      this.#abort = null;
      events.comparing(null);
    }
  }
}

function lineOf(compared: ComparedTable, shown: readonly DifferingRow[]): TableComparison {
  const { incomparable, different, ...counts } = compared;
  const state = incomparable !== null ? 'incomparable' : different > 0 ? 'differs' : 'equal';
  return { ...counts, state, reason: incomparable, different, shown };
}

function describe({ columns, keyCount }: Table, { id, key, here, hub }: Difference): DifferingRow {
  const cell = (row: readonly Value[] | null, at: number): Value | undefined =>
    row === null ? (at < keyCount ? (key[at] ?? null) : undefined) : (row[at] ?? null);
  return {
    id,
    presentHere: here !== null,
    presentAtHub: hub !== null,
    columns: columns.map((name, at) => {
      const [one, other] = [cell(here, at), cell(hub, at)];
      return {
        name,
        isKey: at < keyCount,
        here: one === undefined ? null : cellOf(one),
        hub: other === undefined ? null : cellOf(other),
        differs: one === undefined || other === undefined || !isSame(one, other),
      };
    }),
  };
}
