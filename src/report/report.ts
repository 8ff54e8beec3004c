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

export interface StepReport {
  readonly name: StepName;
  state: StepState;
  startedAt: string | null;
  endedAt: string | null;
  rows: number;
  bytes: number;
  readonly messages: Message[];
}

/** Rows that passed, table by table. */
export interface TableCount {
  readonly table: string;
  sent: number;
  received: number;
  conflicts: number;
  refused: number;
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
  error: { readonly code: string; readonly params: MessageParams } | null;
}

/** One line of the list of sessions. */
export type HistoryLine = Pick<Report, 'id' | 'startedAt' | 'endedAt' | 'state' | 'trigger'>;

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
  /** Milliseconds left; null when it cannot be known. */
  readonly left: number | null;
}
