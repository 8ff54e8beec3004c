import type {
  HistoryLine,
  Level,
  Progress,
  Report,
  Role,
  SiteResult,
  SiteSessionState,
} from '../../report/report';
import type { MessageParams } from '../../shared/errors';
import type { HubServerState } from '../../transport/port';
import type { WayOut } from './recovery';
import type { Sentence } from './sentence';
import type { Preferences } from './settings';

export interface LogLine {
  /** Grows by one a line, so that a screen knows what it has. */
  readonly sequence: number;
  readonly at: string;
  readonly level: Level;
  readonly key: string;
  readonly params: MessageParams;
}

/** What to know first, in one sentence (key under `verdict.`): the worst fact there is. */
export interface Verdict extends Sentence {
  /** `neutral`: nothing to say for good or ill yet; `busy`: a session runs. */
  readonly level: 'good' | 'neutral' | 'busy' | 'warning' | 'bad';
}

/** An establishment, as its hub knows it. */
export interface SiteOverview {
  readonly number: number;
  readonly name: string;
  /** In the session under way; outside one, as the last session that waited for it left it. */
  readonly state: SiteSessionState | 'retired';
  /** ISO 8601: end of the last session after which the site was up to date; null: never. */
  readonly lastSuccess: string | null;
  /** The last 30 sessions that waited for it, oldest first: a strip. */
  readonly results: readonly SiteResult[];
}

/** An upload of an establishment under way at the hub. */
export interface Reception {
  readonly site: number;
  readonly name: string;
  readonly file: string;
  /** Of this file, resumed ones included. How many there will be is not known. */
  readonly bytes: number;
  /** Bytes a second; null when it cannot be known yet. */
  readonly rate: number | null;
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
    /** Site: it has taken a pairing code. Always true at a hub. */
    readonly paired: boolean;
  } | null;
  readonly problems: readonly Sentence[];
  /** Null: the next session needs nobody. */
  readonly wayOut: WayOut | null;
  readonly verdict: Verdict;
  /** Start of the last complete synchronisation, ISO 8601; null when there was none. */
  readonly lastSynchronisation: string | null;
  /** The last session that has ended, however it did. */
  readonly last: HistoryLine | null;
  /** The report of the session under way, filled in as far as it got. */
  readonly session: Report | null;
  readonly progress: Progress | null;
  /** ISO 8601: when the wait under way ends, unless RAZ prolongs it; null where nothing is waited for. */
  readonly deadline: string | null;
  /** What pressing 'Arrêter' would do now (key under `stop.`); null outside a session. */
  readonly stopEffect: Sentence | null;
  /** 'Arrêter' was pressed; the session ends at its next safe point. */
  readonly stopping: boolean;
  /** Empty at a site. By number, the retired ones last. */
  readonly sites: readonly SiteOverview[];
  /** Uploads under way; empty at a site. */
  readonly receptions: readonly Reception[];
  /** Null at a site. */
  readonly ftp: HubServerState | null;
  readonly application: string;
  /** Their defaults while nothing is configured. */
  readonly preferences: Preferences;
  /** Whether a password keeps the configuration, and whether it was given. */
  readonly lock: 'none' | 'locked' | 'unlocked';
}
