import { EVERY_DAY } from '../schedule/schedule';

/** A setting that the command line can change: where it lies, and how what was typed becomes its value. */
export interface TypedSetting {
  readonly path: readonly string[];
  /** Never throws: what is no value is left to the schema to refuse. */
  readonly parse: (typed: string) => unknown;
  /** Not to be shown again. */
  readonly secret?: boolean;
}

/** The number that was typed; text that is none stays text. */
export function typedNumber(typed: string): string | number {
  return /^\d+(\.\d+)?$/.test(typed.trim()) ? Number(typed) : typed;
}

const typedFlag = (typed: string): string | boolean =>
  typed === 'true' ? true : typed === 'false' ? false : typed;

const words = (typed: string): string[] => typed.split(/[\s,]+/).filter((word) => word !== '');

/** `22:00 12:30/12345`: an hour, and the days of the week it is for where that is not each of them. */
const typedDepartures = (typed: string): unknown =>
  words(typed).map((word) => {
    const [time = '', days] = word.split('/');
    return { time, days: days === undefined ? [...EVERY_DAY] : days.split('').map(typedNumber) };
  });

/** `1 08:00`: day of the week and hour; `none` for no summary. */
function typedMoment(typed: string): unknown {
  if (typed === 'none') return null;
  const [day = '', time = ''] = words(typed);
  return { day: typedNumber(day), time };
}

/** `500 08:00-19:00`, or `500` for the whole day; `none` for no limit. */
function typedBandwidth(typed: string): unknown {
  if (typed.trim() === 'none') return null;
  const [limit = '', hours = '00:00-00:00'] = words(typed);
  const [from, to] = hours.split('-');
  return { limit: typedNumber(limit), from, to };
}

const text = (typed: string): string => typed;

const setting = (path: string, parse: TypedSetting['parse'], secret = false): [string, TypedSetting] => [
  path,
  { path: path.split('.'), parse, secret },
];

export const SCHEDULE_SETTINGS: ReadonlyMap<string, TypedSetting> = new Map([
  // The one hour of departure that most have.
  [
    'departure',
    { path: ['schedule', 'departures'], parse: (typed) => [{ time: typed, days: [...EVERY_DAY] }] },
  ],
  setting('schedule.departures', typedDepartures),
  setting('schedule.timeZone', text),
  setting('schedule.catchUpMinutes', typedNumber),
]);

export const BANDWIDTH_SETTING: readonly [string, TypedSetting] = setting('bandwidth', typedBandwidth);

export const MAIL_SETTINGS: ReadonlyMap<string, TypedSetting> = new Map([
  setting('mail.enabled', typedFlag),
  setting('mail.host', text),
  setting('mail.port', typedNumber),
  setting('mail.security', text),
  setting('mail.user', text),
  setting('mail.password', text, true),
  setting('mail.from', text),
  setting('mail.to', words),
  setting('mail.language', text),
  setting('mail.onSuccess', typedFlag),
  setting('mail.onWarning', typedFlag),
  setting('mail.silenceHours', typedNumber),
  setting('mail.weeklySummary', typedMoment),
]);
