import type { Settings } from '../config/settings';
import type { Report } from '../report/report';
import { lastDepartureAt } from '../schedule/next-departure';
import type { MailState } from './mail-state';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** No alert is told twice within this. */
const SAME_ALERT = HOUR;
/** A silence that lasts is told again after this. */
const SAME_SILENCE = 24 * HOUR;

/** An establishment that has had no complete synchronisation for too long. */
export interface Silence {
  readonly name: string;
  /** Of its last complete one; where there was none, since when it is watched. */
  readonly since: number;
  readonly never: boolean;
}

/** A hub watches its establishments, one of these watches itself. */
export function watchedNames({ role, name, hub }: Settings): string[] {
  return role === 'site'
    ? [name]
    : (hub?.sites ?? []).filter(({ active }) => active).map((site) => site.name);
}

/** Establishments for which this session was a complete one. */
export function servedBy(report: Report): string[] {
  if (report.role === 'site')
    return report.state === 'ok' || report.state === 'warnings' ? [report.name] : [];
  return report.sites.filter(({ state }) => state === 'upToDate').map(({ name }) => name);
}

/** The state with whoever was not known before, watched from now on, and without those who are gone. */
export function withWatched(state: MailState, names: readonly string[], now: number): MailState {
  const keep = (instants: Readonly<Record<string, number>>): Record<string, number> =>
    // A clock that was ahead left instants that are yet to come: they say nothing but 'by now'.
    Object.fromEntries(
      Object.entries(instants)
        .filter(([name]) => names.includes(name))
        .map(([name, at]) => [name, Math.min(at, now)]),
    );
  const watched = keep(state.watched);
  const news = names.filter((name) => watched[name] === undefined).map((name) => [name, now] as const);
  return { ...state, successes: keep(state.successes), watched: { ...watched, ...Object.fromEntries(news) } };
}

/** Who has been silent for more than `hours`, and was not told of within a day. */
export function newSilences(
  state: MailState,
  names: readonly string[],
  hours: number,
  now: number,
): Silence[] {
  return names.flatMap((name) => {
    const success = state.successes[name];
    const since = success ?? state.watched[name] ?? now;
    const silent = now - since > hours * HOUR && !toldWithin(state, silenceKey(name), now, SAME_SILENCE);
    return silent ? [{ name, since, never: success === undefined }] : [];
  });
}

export const silenceKey = (name: string): string => `silence.${name}`;

export const toldLately = (state: MailState, key: string, now: number): boolean =>
  toldWithin(state, key, now, SAME_ALERT);

function toldWithin({ alerts }: MailState, key: string, now: number, time: number): boolean {
  const at = alerts[key]?.at;
  return at !== undefined && at <= now && now - at < time;
}

/** The state after alerts were told: these are, and what was told long ago is forgotten. */
export function withTold(state: MailState, keys: readonly string[], now: number): MailState {
  const kept = Object.entries(state.alerts).filter(([, { at }]) => now - at < 7 * DAY);
  const told = keys.map((key) => [key, { at: now, held: 0 }] as const);
  return { ...state, alerts: { ...Object.fromEntries(kept), ...Object.fromEntries(told) } };
}

/** The state after an alert was held back, for its like was told just before. */
export function withHeld(state: MailState, key: string): MailState {
  const alert = state.alerts[key];
  return alert === undefined
    ? state
    : { ...state, alerts: { ...state.alerts, [key]: { ...alert, held: alert.held + 1 } } };
}

/** The weekly summary that is due, by its planned instant; null when none is. */
export function dueSummary(state: MailState, { mail, schedule }: Settings, now: number): number | null {
  if (mail.weeklySummary === null || state.summary === null) return null;
  const { day, time } = mail.weeklySummary;
  const planned = lastDepartureAt({ departures: [{ time, days: [day] }], timeZone: schedule.timeZone }, now);
  return planned !== null && planned > state.summary ? planned : null;
}

/** Summaries begin with the one that follows their being asked for. */
export function withSummaries(state: MailState, { mail }: Settings, now: number): MailState {
  if (mail.weeklySummary === null) return { ...state, summary: null };
  return { ...state, summary: state.summary === null ? now : Math.min(state.summary, now) };
}
