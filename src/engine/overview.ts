import type { Settings } from '../config/settings';
import { defaultPreferences } from '../config/settings';
import type { Report } from '../report/report';
import { nextDeparture, nextDepartureAt } from '../schedule/next-departure';
import { departureHours } from '../schedule/schedule';
import type { Overview, Reception, SiteOverview } from './contract';
import type { PastSessions } from './past-sessions';
import type { Sessions } from './sessions';
import { verdictOf } from './verdict';
import type { Workplace } from './workplace';

const DAY = 24 * 3_600_000;

export interface OverviewSources {
  readonly place: Workplace;
  readonly sessions: Sessions;
  readonly past: PastSessions;
  readonly lock: Overview['lock'];
}

/** The state of the engine, put together from its parts. */
export function overviewOf({ place, sessions, past, lock }: OverviewSources): Overview {
  const { settings, hub, parts, problems } = place;
  const receptions = hub?.receptions() ?? [];
  const sites = siteOverviews(settings?.hub?.sites ?? [], sessions.report, receptions, past);
  const ftp = settings?.role === 'hub' ? (hub?.server?.state ?? { active: false, reason: null }) : null;
  const now = parts.clock.now();
  return {
    configured: settings === null ? null : configuredOf(settings, now),
    problems,
    wayOut: sessions.report === null ? past.wayOut : null,
    verdict: verdictOf({
      now,
      configured: settings !== null,
      problem: problems[0] ?? null,
      paired: settings === null || isPaired(settings),
      ftp,
      running: sessions.report !== null,
      stopping: sessions.stopping,
      last: past.last,
      lastSuccess: past.lastComplete?.endedAt ?? null,
      overdue: settings !== null && isOverdue(settings, past, now),
      sites,
    }),
    lastSynchronisation: past.lastComplete?.startedAt ?? null,
    last: past.last,
    session: sessions.report,
    progress: sessions.progress,
    deadline: sessions.deadline,
    stopEffect: sessions.stopEffect,
    stopping: sessions.stopping,
    sites,
    receptions,
    ftp,
    application: parts.application,
    preferences: settings?.preferences ?? defaultPreferences,
    lock,
  };
}

function configuredOf(settings: Settings, now: number): NonNullable<Overview['configured']> {
  const { role, name, schedule, hub, receptionLimit } = settings;
  return {
    role,
    name,
    departure: departureHours(schedule),
    nextDeparture: nextDeparture(schedule, now),
    siteCount: hub?.sites.filter(({ active }) => active).length ?? 0,
    receptionLimit,
    paired: isPaired(settings),
  };
}

const isPaired = ({ role, site }: Settings): boolean => role === 'hub' || site !== null;

/** A whole day after the first departure that should have brought a complete synchronisation. */
export function isOverdue(
  { schedule }: Settings,
  { lastComplete }: Pick<PastSessions, 'lastComplete'>,
  now: number,
): boolean {
  if (lastComplete === null) return false;
  const due = nextDepartureAt(schedule, Date.parse(lastComplete.startedAt));
  return due !== null && now - due > DAY;
}

type SiteSettings = NonNullable<Settings['hub']>['sites'];

function siteOverviews(
  sites: SiteSettings,
  session: Report | null,
  receptions: readonly Reception[],
  past: PastSessions,
): SiteOverview[] {
  const lines = sites.map(({ number, name, active }): SiteOverview => {
    const { lastSuccess, results } = past.ofSite(number);
    const inSession = session?.sites.find((line) => line.number === number)?.state;
    const reached = inSession ?? results[0]?.state ?? 'expected';
    const receives = receptions.some(({ site }) => site === number);
    const state = !active ? 'retired' : receives && reached !== 'received' ? 'receiving' : reached;
    return { number, name, state, lastSuccess, results: results.toReversed() };
  });
  const last = ({ state }: SiteOverview): number => (state === 'retired' ? 1 : 0);
  return lines.sort((a, b) => last(a) - last(b) || a.number - b.number);
}
