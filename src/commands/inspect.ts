import { dataFolder } from '../config/data-folder';
import { loadSettings } from '../config/settings';
import type { JournalEntry } from '../database/port';
import type { Value } from '../batch/block';
import { retryRefused } from '../merge/retry-refused';
import { renderText } from '../report/render-text';
import { ReportStore } from '../report/report-store';
import { nextDeparture } from '../schedule/next-departure';
import { departureHours } from '../schedule/schedule';
import { answer, EXIT, type CommandContext } from './context';
import { locked, withDatabase } from './tracking';
import { knownTime } from '../shared/known-time';

const HISTORY_LINES = 1000;
const CONFLICT_LINES = 10_000;

export async function status(context: CommandContext): Promise<number> {
  const settings = await loadSettings(context.folder);
  const [last] = await reportsOf(context).list(1);
  const { role, name, schedule } = settings;
  const departure = departureHours(schedule);
  const tracked = await withDatabase(context, async (database) => {
    const state = await database.state();
    return state === null
      ? { prepared: false, pending: 0, round: 0 }
      : {
          prepared: true,
          pending: await database.pending(),
          round: role === 'hub' ? state.lastMarked : state.position,
        };
  });
  const next = nextDeparture(schedule, context.parts.clock.now());
  const sites = settings.hub?.sites.filter(({ active }) => active).length ?? null;
  const paired = role === 'site' ? settings.site !== null : null;
  const { log } = dataFolder(context.folder);
  const { translate } = context;
  answer(
    context,
    { role, name, departure, nextDeparture: next, ...tracked, sites, paired, last: last ?? null, log },
    [
      translate('cli.status.mode', { role: translate(`role.${role}`), name }),
      translate('cli.status.departure', { departure }),
      translate(tracked.prepared ? 'cli.status.prepared' : 'cli.status.notPrepared', {
        ...tracked,
        prepared: '',
      }),
      ...(last === undefined
        ? []
        : [translate('cli.status.last', { at: last.startedAt, state: translate(`state.${last.state}`) })]),
      translate('cli.status.log', { file: log }),
    ],
  );
  return EXIT.complete;
}

export async function history(context: CommandContext): Promise<number> {
  const sessions = await reportsOf(context).list(HISTORY_LINES);
  const lines = sessions.map(
    ({ id, startedAt, endedAt, state }) =>
      `${id}  ${startedAt}  ${endedAt ?? '—'}  ${context.translate(`state.${state}`)}`,
  );
  answer(context, { sessions }, lines);
  return EXIT.complete;
}

export async function report(context: CommandContext, id: string): Promise<number> {
  const found = await reportsOf(context).read(id);
  answer(context, found, [renderText(found, context.translate)]);
  return EXIT.complete;
}

export async function conflicts(context: CommandContext): Promise<number> {
  const entries = await withDatabase(context, async (database) =>
    (await database.state()) === null ? [] : database.conflicts(CONFLICT_LINES),
  );
  const names = await siteNames(context);
  const described = entries.map((entry) => describe(entry, names));
  answer(
    context,
    { conflicts: described },
    described.map((entry) => sentence(context, entry)),
  );
  return EXIT.complete;
}

/** Tries refused rows again, as each synchronisation does. */
export async function retryConflicts(context: CommandContext): Promise<number> {
  const {
    passed,
    conflicts: overtaken,
    waiting,
  } = await locked(context, () =>
    withDatabase(context, async (database) => {
      const { tables } = await database.catalogue();
      return retryRefused(database, { tables, now: context.parts.clock.now() });
    }),
  );
  const result = { passed, overtaken: overtaken.length, waiting };
  answer(context, result, [context.translate('cli.conflicts.retried', result)]);
  return EXIT.complete;
}

type Described = ReturnType<typeof describe>;

function describe(
  entry: JournalEntry,
  names: ReadonlyMap<number, string>,
): {
  id: number;
  at: string;
  table: string;
  kind: string;
  rule: string;
  reason: string | null;
  key: Record<string, Value>;
  winner: { site: number; name: string; at: string | null; row: Record<string, Value> | null };
  loser: { site: number; name: string; at: string | null; row: Record<string, Value> | null };
  restored: { which: string; at: string; by: string } | null;
  refused: { outcome: string; at: string | null } | null;
} {
  const named = (row: readonly Value[]): Record<string, Value> =>
    Object.fromEntries(row.map((value, at) => [entry.columns[at] ?? '', value]));
  const side = (site: number, row: readonly Value[] | null, at: number | null): Described['winner'] => ({
    site,
    name: names.get(site) ?? String(site),
    at: knownTime(at),
    row: row === null ? null : named(row),
  });
  return {
    id: entry.id,
    at: new Date(entry.at).toISOString(),
    table: entry.table,
    kind: entry.kind,
    rule: entry.rule,
    reason: entry.reason,
    key: named(entry.key),
    winner: side(entry.winner, entry.winningRow, entry.winnerAt),
    loser: side(entry.loser, entry.losingRow, entry.loserAt),
    restored:
      entry.restored === null ? null : { ...entry.restored, at: new Date(entry.restored.at).toISOString() },
    refused:
      entry.refused === null
        ? null
        : {
            ...entry.refused,
            at: entry.refused.at === null ? null : new Date(entry.refused.at).toISOString(),
          },
  };
}

function sentence({ translate }: CommandContext, entry: Described): string {
  const key = Object.values(entry.key).map(readable).join(', ');
  const { refused } = entry;
  return [
    translate('cli.conflicts.line', {
      at: entry.at,
      table: entry.table,
      key,
      kind: translate(`conflict.kind.${entry.kind}`),
    }),
    `  ${translate('cli.conflicts.kept', { name: entry.winner.name })} ${rowText(entry.winner.row)}`,
    `  ${translate('cli.conflicts.aside', { name: entry.loser.name })} ${rowText(entry.loser.row)}`,
    ...(refused === null
      ? []
      : [`  ${translate(`conflict.refused.${refused.outcome}`, { at: refused.at ?? '' })}`]),
  ].join('\n');
}

const rowText = (row: Record<string, Value> | null): string =>
  row === null
    ? '—'
    : Object.entries(row)
        .map(([column, value]) => `${column}=${readable(value)}`)
        .join(', ');

const readable = (value: Value): string =>
  value === null ? 'NULL' : value instanceof Uint8Array ? `(${String(value.length)} o)` : String(value);

async function siteNames(context: CommandContext): Promise<ReadonlyMap<number, string>> {
  const { hub, site, name, role } = await loadSettings(context.folder);
  return new Map([
    [0, role === 'hub' ? name : context.translate('role.hub')] as const,
    ...(site === null ? [] : [[site.number, name] as const]),
    ...(hub?.sites ?? []).map((site) => [site.number, site.name] as const),
  ]);
}

const reportsOf = (context: CommandContext): ReportStore =>
  new ReportStore(dataFolder(context.folder).reports);
