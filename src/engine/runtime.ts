import type { Settings } from '../config/settings';
import type { Database } from '../database/port';
import type { Report } from '../report/report';
import type { Deadline } from '../session/deadline';
import type { SessionEnvironment, Step } from '../session/session';
import { DAY, type Retention } from '../session/tidy';

export const MINUTE = 60_000;

/** As sessions count. */
export const retentionOf = ({ retention }: Settings): Retention => ({
  changes: retention.changes * DAY,
  conflicts: retention.conflicts * DAY,
});

export interface SessionRequest {
  readonly trigger: Report['trigger'];
  /** A departure that was missed and is caught up: the others may be done already. */
  readonly late: boolean;
  /** The user agreed that a database restored from an old copy catches up. */
  readonly recover: boolean;
  /** Waiting times of the session, which RAZ starts again; the session adds them. */
  readonly deadlines: Deadline[];
}

/** What differs between a hub's engine and a site's. */
export interface Runtime {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Other settings hold from now on; what the server or the line is made of stays. */
  configure(settings: Settings): void;
  makeSteps(
    settings: Settings,
    database: Database,
    request: SessionRequest,
    environment: SessionEnvironment,
  ): readonly Step[];
  /** A session has ended, however it did. */
  ended(): void;
}
