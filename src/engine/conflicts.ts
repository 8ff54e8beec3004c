import { userInfo } from 'node:os';
import type { Value } from '../batch/block';
import type { Settings } from '../config/settings';
import type { JournalEntry, JournalFilter } from '../database/port';
import { retryRefused } from '../merge/retry-refused';
import type { ConflictColumn, ConflictEntry, ConflictPage, ConflictQuery, RetryResult } from './contract';
import { cellOf, isSame } from './cells';
import type { Sessions } from './sessions';
import type { Workplace } from './workplace';
import { knownTime } from '../shared/known-time';

type NameOf = (site: number) => string;

/** The conflict journal, for the screens. */
export class Conflicts {
  readonly #place: Workplace;
  readonly #sessions: Sessions;

  constructor(place: Workplace, sessions: Sessions) {
    this.#place = place;
    this.#sessions = sessions;
  }

  async page(query: ConflictQuery): Promise<ConflictPage> {
    const nameOf = namesIn(this.#place.configured());
    const filter = filterOf(query);
    return this.#place.withDatabase(async (database) => {
      if ((await database.state()) === null) return { entries: [], total: 0, waiting: 0, tables: [] };
      const entries = await database.conflicts(query.limit, { ...filter, skip: query.offset ?? 0 });
      return {
        entries: entries.map((entry) => describe(entry, nameOf)),
        total: await database.countConflicts(filter),
        waiting: await database.countConflicts({ waiting: true }),
        tables: await database.conflictTables(),
      };
    });
  }

  /** Not during a session: both would write into the database, and one would wait for the other for ever. */
  async restore(id: number, which: 'winner' | 'loser'): Promise<void> {
    this.#sessions.refuseDuring();
    const at = this.#place.parts.clock.now();
    const by = userInfo().username;
    await this.#place.withDatabase((database) => database.restore(id, { which, at, by }));
    this.#place.say('info', 'conflict.restored', { id, by });
    this.#place.events.conflictsChanged();
  }

  /** Not during a session either: it tries them itself. */
  async retry(): Promise<RetryResult> {
    this.#sessions.refuseDuring();
    const now = this.#place.parts.clock.now();
    const { passed, conflicts, waiting } = await this.#place.withDatabase(async (database) => {
      const { tables } = await database.catalogue();
      return retryRefused(database, { tables, now });
    });
    this.#place.say('info', 'conflict.retried', { passed, waiting });
    this.#place.events.conflictsChanged();
    return { passed, overtaken: conflicts.length, waiting };
  }
}

function filterOf({ text, table, kind, from, to }: ConflictQuery): JournalFilter {
  return {
    ...(text === undefined ? {} : { text: text.trim() }),
    ...(table === undefined ? {} : { table }),
    ...(kind === undefined ? {} : { kind }),
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
  };
}

/** Names of the hub (0) and of its sites; a number where no name is known here. */
function namesIn({ role, name, hub, site: own }: Settings): NameOf {
  const names = new Map((hub?.sites ?? []).map((site) => [site.number, site.name]));
  if (role === 'hub') names.set(0, name);
  else if (own !== null) names.set(own.number, name);
  return (site) => names.get(site) ?? String(site);
}

function describe(entry: JournalEntry, nameOf: NameOf): ConflictEntry {
  const { id, at, table, kind, rule, reason, site, batch, restored, refused } = entry;
  const side = (number: number, written: number | null, row: unknown): ConflictEntry['winner'] => ({
    site: number,
    name: nameOf(number),
    at: knownTime(written),
    present: row !== null,
  });
  return {
    id,
    at: isoOf(at),
    table,
    kind,
    rule,
    reason,
    site: { number: site, name: nameOf(site) },
    batch,
    winner: side(entry.winner, entry.winnerAt, entry.winningRow),
    loser: side(entry.loser, entry.loserAt, entry.losingRow),
    columns: entry.columns.map((column, index) => describeColumn(entry, column, index)),
    restored: restored === null ? null : { ...restored, at: isoOf(restored.at) },
    refused: refused === null ? null : { ...refused, at: refused.at === null ? null : isoOf(refused.at) },
  };
}

function describeColumn(entry: JournalEntry, name: string, index: number): ConflictColumn {
  const { winningRow, losingRow, keyCount, key } = entry;
  const isKey = index < keyCount;
  // A row that is absent is still known by its key.
  const valueIn = (row: readonly Value[] | null): Value | undefined =>
    row === null ? (isKey ? (key[index] ?? null) : undefined) : (row[index] ?? null);
  const [winner, loser] = [valueIn(winningRow), valueIn(losingRow)];
  return {
    name,
    isKey,
    winner: winner === undefined ? null : cellOf(winner),
    loser: loser === undefined ? null : cellOf(loser),
    differs: winner === undefined || loser === undefined || !isSame(winner, loser),
  };
}

const isoOf = (at: number): string => new Date(at).toISOString();
