/** All that a screen may ask of the engine, and all that the engine tells it. The only thing they share. */
import type { MessageParams } from '../shared/errors';
import type { HistoryLine, Level, Progress, Report, Role } from '../report/report';
import type { BlockedAddress, HubServerState } from '../transport/port';

export interface LogLine {
  /** Grows by one a line, so that a screen knows what it has. */
  readonly sequence: number;
  readonly at: string;
  readonly level: Level;
  readonly key: string;
  readonly params: MessageParams;
}

/** The state of the engine, whole: small enough to be sent anew at each change. */
export interface Overview {
  /** Null while the data folder has no valid settings; `problems` then says why. */
  readonly configured: {
    readonly role: Role;
    readonly name: string;
    /** Hours of departure, `12:30, 22:00`. */
    readonly departure: string;
    /** ISO 8601 with offset. */
    readonly nextDeparture: string | null;
    /** Hub: establishments that send their data; minutes it waits for them. */
    readonly siteCount: number;
    readonly receptionLimit: number;
  } | null;
  readonly problems: readonly { readonly key: string; readonly params: MessageParams }[];
  /** Start of the last complete synchronisation, ISO 8601; null when there was none. */
  readonly lastSynchronisation: string | null;
  /** The report of the session under way, filled in as far as it got. */
  readonly session: Report | null;
  readonly progress: Progress | null;
  /** Null at a site. */
  readonly ftp: HubServerState | null;
  readonly application: string;
}

export interface CheckResult {
  /** Text key under `check.`. */
  readonly name: string;
  readonly ok: boolean;
  readonly milliseconds: number;
  readonly message: { readonly key: string; readonly params: MessageParams } | null;
}

export interface EngineCalls {
  overview(): Promise<Overview>;
  /** The last lines of the progress log, oldest first. */
  log(): Promise<readonly LogLine[]>;
  /** Empties the view for good; reports keep theirs. */
  clearLog(): Promise<void>;
  /** Newest first. */
  history(limit: number): Promise<readonly HistoryLine[]>;
  report(id: string): Promise<Report>;
  startSession(): Promise<void>;
  stopSession(): Promise<void>;
  resetTimers(): Promise<void>;
  /** Checks the way to the hub as a session would use it. */
  test(): Promise<readonly CheckResult[]>;
  blockedAddresses(): Promise<readonly BlockedAddress[]>;
  clearBlockedAddresses(): Promise<void>;
  /** Ends a session at its next safe point, closes everything. */
  shutdown(): Promise<void>;
}

export interface EngineEvents {
  overviewChanged(overview: Overview): void;
  logged(line: LogLine): void;
  /** The list of sessions has a new line, or a line changed. */
  historyChanged(): void;
  blockedChanged(): void;
}

/**
 * What a refused call rejects with on the screen's side. The worker's birpc puts it in place of the error
 * (`serialize`): a structured clone drops the code and parameters of an Error.
 */
export interface CallError {
  /** Key of a text under `error.`. */
  readonly code: string;
  readonly params: MessageParams;
}
