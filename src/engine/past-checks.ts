import type { Settings } from '../config/settings';
import type { ReportStore } from '../report/report-store';
import { momentText, nextDepartureAt } from '../schedule/next-departure';
import { ABSENT_DAYS } from '../session/absent-sites';
import { DAY } from '../session/tidy';
import { SyncError } from '../shared/errors';
import { found, type Check, type Finding } from './checks';
import { isOverdue } from './overview';
import type { PastSessions } from './past-sessions';
import { HEARD } from './verdict';

export interface PastCheckOptions {
  readonly settings: Settings;
  readonly past: PastSessions;
  readonly reports: ReportStore;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

/** What is planned, and what came of what was planned. */
export function pastChecks(options: PastCheckOptions): readonly Check[] {
  const { settings, past, reports, now } = options;
  return [
    { name: 'departures', needs: [], run: () => checkDepartures(settings, now) },
    { name: 'lastSession', needs: [], run: () => checkLast(past, reports) },
    { name: 'success', needs: [], run: () => Promise.resolve(successOf(options)) },
    ...(settings.hub === null
      ? []
      : [
          { name: 'sites' as const, needs: [], run: () => Promise.resolve(sitesOf(settings.hub, past, now)) },
        ]),
  ];
}

function checkDepartures({ schedule }: Settings, now: number): Promise<Finding> {
  const next = nextDepartureAt(schedule, now);
  if (next === null) return Promise.reject(new SyncError('check.noDeparture'));
  return Promise.resolve(found('ok', 'nextDeparture', { at: momentText(schedule, next) }));
}

async function checkLast({ last }: PastSessions, reports: ReportStore): Promise<Finding | null> {
  if (last === null) return found('skipped', 'noSession');
  const { state, error } = await reports.read(last.id);
  if (error !== null) throw new SyncError(error.code, { params: error.params });
  return state === 'ok' || state === 'warnings' ? null : found('warning', 'lastIncomplete');
}

function successOf({ settings, past, now }: PastCheckOptions): Finding | null {
  const { last, lastComplete } = past;
  if (lastComplete === null)
    return last === null ? found('skipped', 'noSession') : found('warning', 'neverComplete');
  const count = Math.floor((now - Date.parse(lastComplete.startedAt)) / DAY);
  return isOverdue(settings, past, now) ? found('warning', 'overdue', { count }) : null;
}

/** A hub keeps everything for whoever is away. */
function sitesOf(hub: NonNullable<Settings['hub']> | null, past: PastSessions, now: number): Finding {
  const sites = hub?.sites ?? [];
  const active = sites.filter((site) => site.active);
  if (active.length === 0) return found('warning', 'noSites');
  const silent = active.filter(({ number }) => {
    const { results, lastSuccess } = past.ofSite(number);
    const heard = results.find(({ state }) => HEARD.includes(state))?.startedAt ?? lastSuccess;
    return heard === null || now - Date.parse(heard) > ABSENT_DAYS * DAY;
  });
  if (silent.length === 0)
    return found('ok', 'sites', { active: active.length, retired: sites.length - active.length });
  return found('warning', 'sitesSilent', {
    count: silent.length,
    sites: silent.map(({ name }) => name).join(', '),
    days: ABSENT_DAYS,
  });
}
