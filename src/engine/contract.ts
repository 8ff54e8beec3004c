/** All that a screen may ask of the engine, and all that the engine tells it. The only thing they share. */
import type { Report } from '../report/report';
import type { MessageParams } from '../shared/errors';
import type { BlockedAddress } from '../transport/port';
import type { CheckResult } from './contract/checks';
import type {
  CompareRequest,
  Comparison,
  ComparisonProgress,
  RepairOutcome,
  RepairRequest,
} from './contract/comparison';
import type { ConflictPage, ConflictQuery, RetryResult } from './contract/conflicts';
import type { CsvWords, HistoryPage, HistoryQuery } from './contract/history';
import type { Information } from './contract/information';
import type { SnapshotProgress, StartingPoint, WrittenSnapshot } from './contract/recovery';
import type { LogLine, Overview } from './contract/overview';
import type {
  DatabaseTest,
  MailDraft,
  NewInstallation,
  PairingCode,
  SettingsDraft,
  SettingsFault,
  SettingsView,
  SiteLine,
  TablesView,
} from './contract/settings';

export { parseServerAddress, serverAddress, type ServerAddress } from '../config/database-address';
export { CHECKS, EXAMINED } from './contract/checks';
export type * from './contract/checks';
export type * from './contract/comparison';
export type * from './contract/conflicts';
export type * from './contract/history';
export type * from './contract/information';
export type * from './contract/overview';
export type * from './contract/recovery';
export type * from './contract/sentence';
export type * from './contract/settings';

/** Following the program: what it does, what it did. */
export interface ProgressCalls {
  overview(): Promise<Overview>;
  /** The last lines of the progress log, oldest first. */
  log(): Promise<readonly LogLine[]>;
  /** Empties the view for good; reports keep theirs. */
  clearLog(): Promise<void>;
  history(query: HistoryQuery): Promise<HistoryPage>;
  /** The sessions that the query finds as a CSV file: semicolons, UTF-8 with its mark, local times. */
  exportHistory(query: HistoryQuery, words: CsvWords): Promise<string>;
  report(id: string): Promise<Report>;
  startSession(): Promise<void>;
  /** Asks the session to end at its next safe point; `Overview.stopEffect` says beforehand what that does. */
  stopSession(): Promise<void>;
  /** RAZ: starts the wait under way again. Its new end, ISO 8601; null where nothing is waited for. */
  resetTimers(): Promise<string | null>;
  /**
   * Tries all that a session would use, and the rest of the way. Resolves with every result; each comes with the
   * event `checked` as it starts and as it ends. Their names, in their order: `CHECKS[role]`.
   */
  test(): Promise<readonly CheckResult[]>;
  /** Ends a test under way: what is left of it is skipped. */
  stopTest(): Promise<void>;
  /** Everything that is wrong, at once: the test, and all that years without anybody looking can bring. Takes no event. */
  examine(): Promise<readonly CheckResult[]>;
  /**
   * Writes an archive (zip) for support: versions, settings, log files, last reports, what `examine` says. No secret and
   * no value of a row is in it. `host` as for `information`. Rejects with `disk.*`.
   */
  writeSupport(file: string, host: Readonly<Record<string, string>>): Promise<void>;
  /** `host`: versions of the host, by name. */
  information(host: Readonly<Record<string, string>>): Promise<Information>;
  /** Ends a session at its next safe point, closes everything. */
  shutdown(): Promise<void>;
}

/** What the rules put aside, and who was kept out. */
export interface JournalCalls {
  conflicts(query: ConflictQuery): Promise<ConflictPage>;
  /**
   * Writes one side of a conflict back as an ordinary change of this database, which travels with the next
   * synchronisation, and notes who did it and when. Rejects with `session.running`, `conflict.missing`,
   * `conflict.tableChanged`, `conflict.refused`, or `conflict.foreignKey`: nothing is changed then.
   */
  restoreConflict(id: number, which: 'winner' | 'loser'): Promise<void>;
  /**
   * Hub: tries all refused rows of the journal again, as each session does. What passes travels with the next
   * synchronisation. Rejects with `session.running`, `database.notPrepared` or another `database.*`.
   */
  retryRefused(): Promise<RetryResult>;
  /**
   * Site: compares every table with the hub's, row by row; event `comparing` tells how far it is. Rejects with
   * `session.running`, `compare.running`, `compare.atHub`, `compare.stopped` or what hinders it.
   */
  compare(request?: CompareRequest): Promise<Comparison>;
  /** Compares anew and takes one side's rows for right; the rows that give way go into the journal. As `compare`. */
  repair(request: RepairRequest): Promise<RepairOutcome>;
  /** Ends a comparison, or a repair that has not begun to write. */
  stopComparison(): Promise<void>;
  blockedAddresses(): Promise<readonly BlockedAddress[]>;
  unblock(address: string): Promise<void>;
  clearBlockedAddresses(): Promise<void>;
}

/**
 * The configuration. While a password keeps it (`Overview.lock` is `locked`), what changes it rejects with
 * `settings.locked`. What a session under way counts on is not changed under it: `session.running`.
 */
export interface SettingsCalls {
  settings(): Promise<SettingsView>;
  /** What is wrong in a draft, by path; saves nothing. */
  validateSettings(draft: SettingsDraft): Promise<readonly SettingsFault[]>;
  /** Saves all of it, and applies it at once; or saves nothing, and says what is wrong. */
  saveSettings(draft: SettingsDraft): Promise<readonly SettingsFault[]>;
  /**
   * First start: makes the settings, and begins to work. What is wrong in them, by path; empty when done. Rejects with
   * `database.*`, or with `settings.exists` where there are some that are in use (a hub with sites, a paired site).
   */
  initialise(installation: NewInstallation): Promise<readonly SettingsFault[]>;
  /** Rejects with `database.*`. */
  testDatabase(address: string): Promise<DatabaseTest>;
  /** Sends a letter with settings that need not be saved. Rejects with `mail.*` or a `settings.invalid`. */
  sendTestMail(mail: MailDraft): Promise<void>;
  tables(): Promise<TablesView>;
  /** Installs or puts right the tracking of every table. */
  prepare(): Promise<TablesView>;
  /** Removes every trace of the tracking; changes not yet sent are sent no more. */
  unprepare(): Promise<TablesView>;
  /** Hub. */
  sites(): Promise<readonly SiteLine[]>;
  addSite(name: string): Promise<PairingCode>;
  /** A new code with a new password: the former one opens nothing any more. Brings a retired site back. */
  renewSite(number: number): Promise<PairingCode>;
  renameSite(number: number, name: string): Promise<void>;
  retireSite(number: number): Promise<void>;
  /** Site: takes a hub's pairing code. Rejects with `pairing.*`. */
  pair(code: string): Promise<void>;
  /** Rejects with `settings.wrongPassword`, late. */
  unlock(password: string): Promise<void>;
  lock(): Promise<void>;
  /** Null: no password any more. */
  setPassword(password: string | null): Promise<void>;
}

/**
 * Where a database begins, and how one that is an old copy comes back. While a password keeps the configuration they
 * reject with `settings.locked`; while a session or another of these is under way, with `session.running`.
 */
export interface RecoveryCalls {
  /**
   * Starts a session that brings a database up to date which was restored from an old copy: the missing rounds are
   * taken again, nothing is lost, and what differs is decided by the usual rules. A session that needs it has failed
   * with `session.siteRestored` or `session.hubDatabaseRestored`.
   */
  recover(): Promise<void>;
  /**
   * Hub: writes all rows of the database to a file sealed with a passphrase; event `snapshotAdvances` tells how far it
   * is. Rejects with `seal.*`, `snapshot.sessionFirst`, `snapshot.stopped`, `disk.*` or `database.*`.
   */
  writeSnapshot(file: string, passphrase: string): Promise<WrittenSnapshot>;
  /**
   * Site: fills its empty database; event `snapshotAdvances`. Resolves to the round it then stands at. Rejects with
   * `snapshot.*`, `seal.*`, `hub.*`, `disk.*` or `database.*`: nothing is changed then.
   */
  startFrom(start: StartingPoint): Promise<number>;
  /** Ends the writing of a starting point, or the start from one; of either nothing is left. */
  stopSnapshot(): Promise<void>;
  /**
   * Site: changes made since then (ISO 8601) are sent again with the next session, as far back as they are kept.
   * Resolves to how many.
   */
  resend(since: string): Promise<number>;
}

export interface EngineCalls extends ProgressCalls, JournalCalls, SettingsCalls, RecoveryCalls {}

export interface EngineEvents {
  overviewChanged(overview: Overview): void;
  logged(line: LogLine): void;
  /** The list of sessions has a new line, or a line changed. */
  historyChanged(): void;
  blockedChanged(): void;
  /** A check of the test under way has started or ended. */
  checked(result: CheckResult): void;
  /** A comparison advances; null: it has ended. */
  comparing(progress: ComparisonProgress | null): void;
  /** The writing of a starting point, or the start from one, advances; null: it has ended. */
  snapshotAdvances(progress: SnapshotProgress | null): void;
  /** Settings or sites are others now, whoever changed them. */
  settingsChanged(): void;
  /** The conflict journal has new entries, a value of it was put back, or refused rows were tried again. */
  conflictsChanged(): void;
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
