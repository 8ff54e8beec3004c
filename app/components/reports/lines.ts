/** Names of a report's lines on the page, and the line that each sentence speaks of. */
import type { Report, ReportMessage, StepName } from '../../../src/report/report';

export interface SaidMessage {
  readonly message: ReportMessage;
  readonly step: StepName;
}

export const messageLine = (message: ReportMessage): string => `line-message-${message.id}`;
export const tableLine = (table: string): string => `line-table-${table}`;
export const siteLine = (site: number): string => `line-site-${String(site)}`;
export const siteTableLine = (site: number, table: string): string =>
  `line-site-${String(site)}-table-${table}`;

/** What one should know of, in the order in which it was said. */
export function warningsOf(report: Report): readonly SaidMessage[] {
  return report.steps.flatMap(({ name, messages }) =>
    messages.filter(({ level }) => level !== 'info').map((message) => ({ message, step: name })),
  );
}

/** The narrowest line of the figures that the sentence speaks of; null: it speaks of none that is there. */
export function subjectLine(report: Report, { about }: ReportMessage): string | null {
  const site = report.sites.find(({ number }) => number === about.site);
  const table = about.table;
  if (site !== undefined && table !== null && site.tables.some((line) => line.table === table))
    return siteTableLine(site.number, table);
  if (site !== undefined) return siteLine(site.number);
  if (table !== null && report.tables.some((line) => line.table === table)) return tableLine(table);
  return null;
}
