/** The stub's history as it is searched, and its reports with all that one can hold. */
import type { CsvWords, HistoryPage, HistoryQuery } from '../../../src/engine/contract';
import { isFound } from '../../../src/report/history-search';
import type { HistoryLine, Report, ReportMessage, Role, SiteReport } from '../../../src/report/report';
import { reportOf } from './stub-data';

/** As the engine searches: by the establishments and tables that its reports name. */
export function search(role: Role, history: readonly HistoryLine[], query: HistoryQuery): HistoryPage {
  const { limit, offset = 0 } = query;
  const found = history.filter((line) => isFound({ line, words: wordsOf(fullReport(role, line)) }, query));
  return { lines: found.slice(offset, offset + limit), total: found.length };
}

/** The engine's own file is looked at in its tests; this one shows the words that it was given. */
export function csvOf(lines: readonly HistoryLine[], { headings, states, triggers }: CsvWords): string {
  const rows = lines.map(({ id, state, trigger }) => [id, states[state], triggers[trigger]]);
  return '\uFEFF' + [headings, ...rows].map((row) => `${row.join(';')}\r\n`).join('');
}

function wordsOf({ sites, tables }: Report): string {
  return [...sites.map(({ name }) => name), ...tables.map(({ table }) => table)].join('\n').toLowerCase();
}

/** A report with what its line promises: establishments at a hub, and its warnings. */
export function fullReport(role: Role, line: HistoryLine): Report {
  const report = reportOf(role, line);
  if (role === 'hub' && line.state !== 'failed') report.sites.push(...sitesOf(line));
  const step = report.steps.find(({ name }) => name === (role === 'hub' ? 'merge' : 'apply'));
  if (line.state === 'warnings') {
    step?.messages.push(...warningsOf(role, line));
    if (step !== undefined) step.state = 'warning';
  }
  return report;
}

function sitesOf({ state }: HistoryLine): SiteReport[] {
  const tables = [
    { table: 'Adherents', received: 1204, conflicts: 1, refused: 0 },
    { table: 'Passages', received: 8120, conflicts: 0, refused: 0 },
  ];
  const absent = state === 'partial';
  return [
    { number: 1, name: 'Colmar', state: 'upToDate', rows: 9324, bytes: 552_960, tables },
    absent
      ? { number: 2, name: 'Lyon', state: 'absent', rows: 0, bytes: 0, tables: [] }
      : {
          number: 2,
          name: 'Lyon',
          state: 'upToDate',
          rows: 388,
          bytes: 36_864,
          tables: [{ table: 'Reglements', received: 388, conflicts: 0, refused: 2 }],
        },
  ];
}

function warningsOf(role: Role, { startedAt }: HistoryLine): ReportMessage[] {
  const at = startedAt;
  const level = 'warning';
  const held: ReportMessage = {
    id: 'merge-1',
    ...(role === 'site'
      ? { key: 'session.site.held.columnsMissingHere', params: { table: 'Reglements', columns: 'devise' } }
      : {
          key: 'session.hub.held.columnsMissingHere',
          params: { site: 'Colmar', table: 'Reglements', columns: 'devise' },
        }),
    level,
    at,
    about: { site: null, table: 'Reglements' },
  };
  if (role === 'site') return [held];
  const collision: ReportMessage = {
    id: 'merge-2',
    key: 'session.hub.collision',
    params: { site: 'Colmar', table: 'Adherents' },
    level,
    at,
    about: { site: 1, table: 'Adherents' },
  };
  return [held, collision];
}
