import type { MailSettings } from '../config/settings';
import type { HistoryLine, Report, SessionState } from '../report/report';
import { summaryOf, type Words } from '../report/report-words';
import type { MailEvent } from './port';
import type { Silence } from './watch';

/** What a letter says, in its language. */
export interface Draft {
  readonly subject: string;
  readonly intro: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly lines: readonly string[];
}

/** More lines than this are in the report, which goes with the letter. */
const MOST_LINES = 20;

const TOLD: Readonly<Record<SessionState, (mail: MailSettings) => boolean>> = {
  running: () => false,
  ok: ({ onSuccess }) => onSuccess,
  warnings: ({ onWarning }) => onWarning,
  partial: () => true,
  idle: () => true,
  stopped: () => true,
  failed: () => true,
};

export const isTold = (report: Report, mail: MailSettings): boolean => TOLD[report.state](mail);

export function sessionDraft(report: Report, words: Words): Draft {
  const { name, state, error, startedAt } = report;
  const said = report.steps
    .flatMap(({ messages }) => messages)
    .filter(({ level }) => level !== 'info')
    .map(({ key, params }) => words.text(key, params));
  return {
    subject: words.text(`letter.session.subject.${state}`, { name }),
    intro: words.text(`letter.session.intro.${state}`, { name, at: words.date(startedAt) }),
    facts: summaryOf(report, words),
    lines: [...(error === null ? [] : [words.text(`error.${error.code}`, error.params)]), ...said].slice(
      0,
      MOST_LINES,
    ),
  };
}

export function blockedDraft(name: string, addresses: readonly string[], words: Words): Draft {
  return {
    subject: words.text('letter.blocked.subject', { name, count: addresses.length }),
    intro: words.text('letter.blocked.intro', { count: addresses.length }),
    facts: [],
    lines: addresses.slice(0, MOST_LINES),
  };
}

export function silenceDraft(name: string, silences: readonly Silence[], words: Words): Draft {
  const about = silences.map((silence) => silence.name).join(', ');
  return {
    subject: words.text('letter.silence.subject', { name, about, count: silences.length }),
    intro: words.text('letter.silence.intro', { count: silences.length }),
    facts: [],
    lines: silences.map(({ name: site, since, never }) =>
      words.text(never ? 'letter.silence.never' : 'letter.silence.since', {
        site,
        at: words.date(new Date(since).toISOString()),
      }),
    ),
  };
}

export function keyRangeDraft(
  name: string,
  { table, left }: Extract<MailEvent, { kind: 'keyRange' }>,
  words: Words,
): Draft {
  return {
    subject: words.text('letter.keyRange.subject', { name, table }),
    intro: words.text('letter.keyRange.intro', { table, count: left }),
    facts: [],
    lines: [],
  };
}

export function diskDraft(name: string, free: number, words: Words): Draft {
  return {
    subject: words.text('letter.disk.subject', { name }),
    intro: words.text('letter.disk.intro', { size: words.size(free) }),
    facts: [],
    lines: [],
  };
}

export interface Week {
  readonly from: number;
  readonly to: number;
  readonly sessions: readonly HistoryLine[];
  /** By establishment: its last complete synchronisation; null where there was none. */
  readonly last: readonly (readonly [name: string, at: number | null])[];
  readonly nextDeparture: string | null;
}

const STATES = ['ok', 'warnings', 'partial', 'idle', 'stopped', 'failed'] as const;

export function summaryDraft(name: string, week: Week, words: Words): Draft {
  const day = (at: number): string => words.date(new Date(at).toISOString());
  const counts = STATES.map(
    (state) => [state, week.sessions.filter((each) => each.state === state).length] as const,
  );
  return {
    subject: words.text('letter.summary.subject', { name }),
    intro: words.text('letter.summary.intro', { from: day(week.from), to: day(week.to) }),
    facts: [
      [words.text('letter.summary.sessions'), words.number(week.sessions.length)],
      ...counts
        .filter(([, count]) => count > 0)
        .map(([state, count]) => [words.text(`state.${state}`), words.number(count)] as const),
      [words.text('letter.summary.next'), words.date(week.nextDeparture)],
    ],
    lines: week.last.map(([site, at]) =>
      words.text('letter.summary.last', { site, at: at === null ? '—' : day(at) }),
    ),
  };
}

export function testDraft(name: string, words: Words): Draft {
  return {
    subject: words.text('letter.test.subject', { name }),
    intro: words.text('letter.test.intro'),
    facts: [],
    lines: [],
  };
}
