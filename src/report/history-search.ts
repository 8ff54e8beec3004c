import { historyLine } from './history-line';
import type { HistoryLine, Report, SessionState, SiteReport } from './report';

export interface HistoryFilter {
  /** Part of what `wordsIn` gives, whatever its case. */
  readonly text?: string;
  /** ISO 8601, inclusive. */
  readonly from?: string;
  /** ISO 8601, exclusive. */
  readonly to?: string;
  /** None or an empty list: all. */
  readonly states?: readonly SessionState[];
}

/** A session as the list keeps it: its line, and what a search finds it by. */
export interface Indexed {
  readonly line: HistoryLine;
  readonly sites: readonly Pick<SiteReport, 'number' | 'state'>[];
  readonly words: string;
}

export function indexReport(report: Report): Indexed {
  const sites = report.sites.map(({ number, state }) => ({ number, state }));
  return { line: historyLine(report), sites, words: wordsIn(report) };
}

/** What a session can be found by: establishments, tables, values in its messages, its round. */
function wordsIn({ id, name, sites, tables, steps, round, error }: Report): string {
  const said = steps.flatMap(({ messages }) => messages.flatMap(({ params }) => Object.values(params)));
  const failure = error === null ? [] : Object.values(error.params);
  const names = [...sites.map((site) => site.name), ...tables.map(({ table }) => table)];
  const words = [id, name, ...names, ...said, ...failure, ...(round === null ? [] : [round])];
  return [...new Set(words.map((word) => folded(String(word))))].join('\n');
}

export function isFound({ line, words }: Pick<Indexed, 'line' | 'words'>, filter: HistoryFilter): boolean {
  const { text = '', from, to, states = [] } = filter;
  const at = Date.parse(line.startedAt);
  return (
    (from === undefined || at >= Date.parse(from)) &&
    (to === undefined || at < Date.parse(to)) &&
    (states.length === 0 || states.includes(line.state)) &&
    words.includes(folded(text.trim()))
  );
}

/** Without regard to case and accents. */
const folded = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();
