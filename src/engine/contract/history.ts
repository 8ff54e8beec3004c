import type { HistoryLine, Report, SessionState } from '../../report/report';

export interface HistoryQuery {
  /** Part of the name of an establishment or a table it speaks of, of a value in its messages, or its round. */
  readonly text?: string;
  /** Sessions that started at this instant or later, ISO 8601. */
  readonly from?: string;
  /** Sessions that started before this instant, ISO 8601. */
  readonly to?: string;
  /** Any of these; none given or an empty list: all. */
  readonly states?: readonly SessionState[];
  readonly limit: number;
  readonly offset?: number;
}

export interface HistoryPage {
  /** Newest first. */
  readonly lines: readonly HistoryLine[];
  /** Sessions that the query finds, whatever its limit. */
  readonly total: number;
}

/** The words of a CSV file, in the screen's language. */
export interface CsvWords {
  /** A heading a column: start, end, duration in seconds, state, trigger, rows sent, rows received, bytes sent, bytes received, conflicts, warnings. */
  readonly headings: readonly [
    startedAt: string,
    endedAt: string,
    seconds: string,
    state: string,
    trigger: string,
    rowsSent: string,
    rowsReceived: string,
    bytesSent: string,
    bytesReceived: string,
    conflicts: string,
    warnings: string,
  ];
  readonly states: Readonly<Record<SessionState, string>>;
  readonly triggers: Readonly<Record<Report['trigger'], string>>;
}
