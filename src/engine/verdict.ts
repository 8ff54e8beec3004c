import { DateTime } from 'luxon';
import type { HistoryLine } from '../report/report';
import { ABSENT_DAYS } from '../session/absent-sites';
import type { MessageParams } from '../shared/errors';
import type { HubServerState } from '../transport/port';
import type { Sentence, SiteOverview, Verdict } from './contract';

/** All that the verdict is taken from. */
export interface VerdictFacts {
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
  /** IANA name; the machine's own by default. */
  readonly zone?: string;
  /** There are settings to work with. */
  readonly configured: boolean;
  /** Why there are none; or what went wrong beside any session. */
  readonly problem: Sentence | null;
  /** Site: it has taken a pairing code. True at a hub. */
  readonly paired: boolean;
  readonly ftp: HubServerState | null;
  readonly running: boolean;
  readonly stopping: boolean;
  readonly last: HistoryLine | null;
  /** End of the last complete synchronisation, ISO 8601. */
  readonly lastSuccess: string | null;
  /** A departure after the last complete synchronisation went by, and no complete one came of it for a day. */
  readonly overdue: boolean;
  readonly sites: readonly SiteOverview[];
}

type Rule = (facts: VerdictFacts) => Verdict | null;

/** The worst fact there is comes first; what can only be said when nothing else is, last. */
const RULES: readonly Rule[] = [
  unusable,
  serverDown,
  atWork,
  troubled,
  notPaired,
  failed,
  overdue,
  silentSites,
  never,
  imperfect,
  complete,
];

/** What to know first. Pure. */
export function verdictOf(facts: VerdictFacts): Verdict {
  for (const rule of RULES) {
    const verdict = rule(facts);
    if (verdict !== null) return verdict;
  }
  return say('neutral', 'verdict.never');
}

function unusable({ configured, problem }: VerdictFacts): Verdict | null {
  if (configured) return null;
  // Settings that are still to be read are no problem yet.
  if (problem === null || problem.key === 'error.settings.missing')
    return say('neutral', 'verdict.notConfigured');
  return { ...problem, level: 'bad' };
}

/** A server that nobody has started yet is not down. */
function serverDown({ ftp }: VerdictFacts): Verdict | null {
  if (ftp === null || ftp.active || ftp.reason === null) return null;
  return say('bad', 'verdict.ftpInactive');
}

function atWork({ running, stopping }: VerdictFacts): Verdict | null {
  if (!running) return null;
  return say('busy', stopping ? 'verdict.stopping' : 'verdict.running');
}

function troubled({ problem }: VerdictFacts): Verdict | null {
  return problem === null ? null : { ...problem, level: 'bad' };
}

function notPaired({ paired }: VerdictFacts): Verdict | null {
  return paired ? null : say('warning', 'verdict.notPaired');
}

function failed(facts: VerdictFacts): Verdict | null {
  const { last } = facts;
  return last?.state === 'failed' ? dated(facts, 'bad', 'verdict.failed', last.startedAt) : null;
}

function overdue({ overdue: late, lastSuccess, ...facts }: VerdictFacts): Verdict | null {
  if (!late || lastSuccess === null) return null;
  return say('bad', 'verdict.overdue', { count: daysSince(facts, lastSuccess) });
}

/** A session that ended before it could receive says nothing of a site. */
export const HEARD: readonly SiteOverview['state'][] = ['received', 'merged', 'upToDate'];

/** 'Lyon has sent nothing for three days.' */
function silentSites(facts: VerdictFacts): Verdict | null {
  const silent = facts.sites.filter(({ state }) => state === 'absent');
  const [first] = silent;
  if (first === undefined) return null;
  const gone = silent
    .map((site) => ({ site: site.name, count: silenceOf(facts, site) ?? 0 }))
    .sort((a, b) => b.count - a.count)[0];
  // The hub keeps everything for whoever is away: somebody has to say whether it comes back.
  if (gone !== undefined && gone.count >= ABSENT_DAYS) return say('warning', 'verdict.siteAbsent', gone);
  if (silent.length > 1) {
    const names = silent.map(({ name }) => name).join(', ');
    return say('warning', 'verdict.sitesSilent', { count: silent.length, sites: names });
  }
  const { name: site } = first;
  const count = silenceOf(facts, first);
  if (count === null) return say('warning', 'verdict.siteNever', { site });
  return count === 0
    ? say('warning', 'verdict.siteMissed', { site })
    : say('warning', 'verdict.siteSilent', { site, count });
}

/** Days since it was last heard; null: it never was. */
function silenceOf(facts: VerdictFacts, { results, lastSuccess }: SiteOverview): number | null {
  const heard = results.findLast(({ state }) => HEARD.includes(state))?.startedAt ?? lastSuccess;
  return heard === null ? null : daysSince(facts, heard);
}

function never({ last }: VerdictFacts): Verdict | null {
  return last === null ? say('neutral', 'verdict.never') : null;
}

function imperfect(facts: VerdictFacts): Verdict | null {
  const { last } = facts;
  if (last === null || last.state === 'ok') return null;
  const key = IMPERFECT[last.state];
  return key === undefined ? null : dated(facts, 'warning', key, last.endedAt ?? last.startedAt);
}

const IMPERFECT: Readonly<Record<string, string>> = {
  partial: 'verdict.partial',
  idle: 'verdict.idle',
  stopped: 'verdict.stopped',
  warnings: 'verdict.warnings',
};

function complete(facts: VerdictFacts): Verdict | null {
  const { last } = facts;
  return last === null ? null : dated(facts, 'good', 'verdict.upToDate', last.endedAt ?? last.startedAt);
}

/** One text for today, one for yesterday, one for any day before: nobody counts days on their fingers. */
function dated(
  facts: Pick<VerdictFacts, 'now' | 'zone'>,
  level: Verdict['level'],
  key: string,
  at: string,
): Verdict {
  const count = daysSince(facts, at);
  const time = DateTime.fromISO(at, { zone: facts.zone ?? 'local' }).toFormat('HH:mm');
  if (count === 0) return say(level, `${key}.today`, { time });
  return count === 1 ? say(level, `${key}.yesterday`, { time }) : say(level, `${key}.days`, { time, count });
}

/** Midnights that went by. */
function daysSince({ now, zone = 'local' }: Pick<VerdictFacts, 'now' | 'zone'>, at: string): number {
  const today = DateTime.fromMillis(now, { zone }).startOf('day');
  const day = DateTime.fromISO(at, { zone }).startOf('day');
  return Math.max(0, Math.round(today.diff(day, 'days').days));
}

const say = (level: Verdict['level'], key: string, params: MessageParams = {}): Verdict => ({
  key,
  params,
  level,
});
