import { DateTime } from 'luxon';
import type { HistoryLine, Report, SessionState } from './report';

export interface CsvTexts {
  readonly headings: readonly string[];
  readonly states: Readonly<Record<SessionState, string>>;
  readonly triggers: Readonly<Record<Report['trigger'], string>>;
}

/** Spreadsheets take a file for UTF-8 only where it begins with this mark. */
const MARK = '\uFEFF';

/** The list of sessions as a spreadsheet opens it: semicolons, CRLF, times of the machine's own zone. */
export function historyCsv(lines: readonly HistoryLine[], texts: CsvTexts, zone = 'local'): string {
  const time = (at: string | null): string =>
    at === null ? '' : DateTime.fromISO(at, { zone }).toFormat('yyyy-MM-dd HH:mm:ss');
  const rows = lines.map((line) => [
    time(line.startedAt),
    time(line.endedAt),
    line.duration === null ? '' : Math.round(line.duration / 1000),
    texts.states[line.state],
    texts.triggers[line.trigger],
    line.sent,
    line.received,
    line.bytesSent,
    line.bytesReceived,
    line.conflicts,
    line.warnings,
  ]);
  return MARK + [texts.headings, ...rows].map((row) => `${row.map(cell).join(';')}\r\n`).join('');
}

/** What begins like a formula is kept from being one. */
function cell(value: string | number): string {
  const text = typeof value === 'number' ? String(value) : value.replace(/^(?=[=+\-@\t\r])/, "'");
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
