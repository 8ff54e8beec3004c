import { DateTime } from 'luxon';
import type { Translate } from '../shared/translate';
import type { Report, SiteReport, TableCount } from './report';

/** A report's figures in words, for the terminal and for paper alike. */
export interface Words {
  readonly text: Translate;
  readonly number: (value: number) => string;
  /** `mardi 24 novembre 2026 à 22:04:00`, local time; a dash for null. */
  readonly date: (at: string | null) => string;
  /** `22:04:00`. */
  readonly time: (at: string | null) => string;
  /** Between two instants; empty where one is missing. */
  readonly duration: (from: string | null, to: string | null) => string;
  readonly size: (bytes: number) => string;
}

export interface WordsOptions {
  readonly locale?: string;
  /** IANA name; the machine's own by default. */
  readonly zone?: string;
}

const NONE = '—';

export function wordsOf(translate: Translate, { locale = 'fr', zone = 'local' }: WordsOptions = {}): Words {
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const format = (at: string | null, pattern: string): string =>
    at === null ? NONE : DateTime.fromISO(at, { zone }).setLocale(locale).toFormat(pattern);
  return {
    text: translate,
    number: (value) => numbers.format(value),
    date: (at) =>
      translate('report.dateTime', { date: format(at, 'cccc d MMMM yyyy'), time: format(at, 'TT') }),
    time: (at) => format(at, 'TT'),
    duration: (from, to) => {
      if (from === null || to === null) return '';
      const seconds = Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
      return durationText(translate, numbers, seconds);
    },
    size: (bytes) => {
      const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
      const unit = ['bytes', 'kilobytes', 'megabytes', 'gigabytes'][power] ?? 'bytes';
      return translate(`report.size.${unit}`, { value: numbers.format(bytes / 1000 ** power) });
    },
  };
}

function durationText(translate: Translate, numbers: Intl.NumberFormat, seconds: number): string {
  if (seconds < 60) return translate('report.duration.seconds', { seconds: numbers.format(seconds) });
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? translate('report.duration.hours', { hours, minutes: two(minutes) })
    : translate('report.duration.minutes', { minutes, seconds: two(whole % 60) });
}

/** The heading of a report, as name and value. */
export function summaryOf(report: Report, words: Words): [name: string, value: string][] {
  const { text } = words;
  return [
    [
      text('report.establishment'),
      text('report.establishmentValue', { name: report.name, role: text(`report.role.${report.role}`) }),
    ],
    [text('report.state'), text(`state.${report.state}`)],
    [text('report.started'), words.date(report.startedAt)],
    ...(report.endedAt === null
      ? []
      : ([
          [text('report.ended'), words.date(report.endedAt)],
          [text('report.took'), words.duration(report.startedAt, report.endedAt)],
        ] satisfies [string, string][])),
    [text('report.trigger'), text(`report.triggerValue.${report.trigger}`)],
    [text('report.round'), report.round === null ? NONE : words.number(report.round)],
    [text('report.application'), report.application],
  ];
}

/** Why the session failed; null when it did not. */
export function errorText(report: Report, { text }: Words): string | null {
  return report.error === null ? null : text(`error.${report.error.code}`, report.error.params);
}

/** A table of figures that a report has below its steps. */
export interface FigureTable {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The first columns hold words, this many; the others figures. */
  readonly texts: number;
}

/** What was moved, by table and by establishment; of what there is nothing to say, nothing. */
export function figureTables(report: Report, words: Words): FigureTable[] {
  const headed = (columns: readonly string[]): string[] =>
    columns.map((column) => words.text(`report.column.${column}`));
  const byTable = {
    title: words.text('report.tables'),
    headings: headed(['table', ...TABLE_COLUMNS]),
    rows: report.tables.map((line) => [
      line.table,
      ...TABLE_COLUMNS.map((column) => words.number(line[column])),
    ]),
    texts: 1,
  };
  const bySite = {
    title: words.text('report.sites'),
    headings: headed(['site', 'state', 'received', 'conflicts', 'refused', 'size']),
    rows: report.sites.map((site) => siteCells(site, words)),
    texts: 2,
  };
  return [byTable, bySite].filter(({ rows }) => rows.length > 0);
}

const TABLE_COLUMNS = [
  'sent',
  'received',
  'conflicts',
  'refused',
] as const satisfies readonly (keyof TableCount)[];

function siteCells({ name, state, rows, bytes, tables }: SiteReport, words: Words): string[] {
  const sum = (column: 'conflicts' | 'refused'): string =>
    words.number(tables.reduce((total, line) => total + line[column], 0));
  return [
    name,
    words.text(`siteState.${state}`),
    words.number(rows),
    sum('conflicts'),
    sum('refused'),
    words.size(bytes),
  ];
}
