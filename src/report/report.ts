import type { MessageParams } from '../shared/errors';

export type Role = 'hub' | 'site';

export type StepName =
  | 'check' // both: configuration, tracking, databases restored or not
  | 'capture'
  | 'write'
  | 'send'
  | 'wait'
  | 'receive'
  | 'apply'
  | 'acknowledge' // site
  | 'open'
  | 'receiveBatches'
  | 'merge'
  | 'publish'
  | 'waitAcknowledgements'; // hub

export type StepState = 'pending' | 'running' | 'done' | 'warning' | 'failed' | 'stopped';

/** How a session ended. `idle`: nobody sent anything, the next departure will try again. */
export type SessionState = 'running' | 'ok' | 'warnings' | 'partial' | 'idle' | 'stopped' | 'failed';

export type Level = 'info' | 'warning' | 'error';

/** A sentence, not yet in any language: `key` is a key of locales/. */
export interface Message {
  readonly key: string;
  readonly params: MessageParams;
  readonly level: Level;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What a sentence of a report speaks of, so that it can lead to the very line. */
export interface MessageSubject {
  /** Number of an establishment of `Report.sites`. */
  readonly site: number | null;
  /** Name of a table of `Report.tables`. */
  readonly table: string | null;
}

export interface ReportMessage extends Message {
  /** Unique in its report: `merge-3`. */
  readonly id: string;
  readonly about: MessageSubject;
}

export interface StepReport {
  readonly name: StepName;
  state: StepState;
  startedAt: string | null;
  endedAt: string | null;
  rows: number;
  bytes: number;
  readonly messages: ReportMessage[];
}

/** Rows that passed, table by table. */
export interface TableCount {
  readonly table: string;
  sent: number;
  received: number;
  conflicts: number;
  refused: number;
}

/**
 * How far a session of the hub got with an establishment. `receiving` is told of the one under way only. Final ones:
 * `upToDate`, `merged` (it has not said that it applied the result), `received` (not merged), `absent` (sent nothing).
 */
export type SiteSessionState = 'expected' | 'receiving' | 'received' | 'merged' | 'upToDate' | 'absent';

/** What passed of one table of one establishment. */
export type SiteTableCount = Omit<TableCount, 'sent'>;

/** What a session of the hub did with one establishment. */
export interface SiteReport {
  readonly number: number;
  readonly name: string;
  state: SiteSessionState;
  /** Merged. */
  rows: number;
  bytes: number;
  readonly tables: SiteTableCount[];
}

/** One session as one establishment saw it. */
export interface SiteResult {
  /** Of the report. */
  readonly id: string;
  readonly startedAt: string;
  readonly state: SiteSessionState;
}

/** What a session did. Made with every step `pending`, filled in as they run: complete even when it failed. */
export interface Report {
  /** Sorts by time: `20261124-220400-123`. */
  readonly id: string;
  readonly role: Role;
  /** The establishment's name. */
  readonly name: string;
  readonly trigger: 'schedule' | 'manual' | 'request';
  readonly application: string;
  readonly startedAt: string;
  endedAt: string | null;
  state: SessionState;
  /** The round published or applied; null when none was. */
  round: number | null;
  readonly steps: StepReport[];
  readonly tables: TableCount[];
  /** Hub: establishments that the session waited for or heard of, by number. Empty at a site. */
  readonly sites: SiteReport[];
  error: { readonly code: string; readonly params: MessageParams } | null;
}

/** One line of the list of sessions. */
export interface HistoryLine extends Pick<Report, 'id' | 'startedAt' | 'endedAt' | 'state' | 'trigger'> {
  /** Milliseconds; null while it runs, and where the program ended before it. */
  readonly duration: number | null;
  /** Rows. */
  readonly sent: number;
  readonly received: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly conflicts: number;
  /** Warnings in its report. */
  readonly warnings: number;
}

/** Progress of the step under way. */
export interface Progress {
  readonly step: StepName;
  /** The establishment spoken of, at the hub. */
  readonly site: string | null;
  readonly file: string | null;
  readonly done: number;
  /** Null when it cannot be known. */
  readonly total: number | null;
  readonly unit: 'rows' | 'bytes' | 'sites';
  /** Of `unit`, a second; null when it cannot be known. */
  readonly rate: number | null;
  /** Milliseconds left; null when it cannot be known. */
  readonly left: number | null;
}
