import type { DataFolder } from '../config/data-folder';
import type { MailSettings, Settings } from '../config/settings';
import type { HistoryLine, Level, Report } from '../report/report';
import type { Clock } from '../shared/clock';
import type { MessageParams } from '../shared/errors';
import type { Translate } from '../shared/translate';

export type Language = MailSettings['language'];

/** What happened, and may be worth a letter: the settings decide. */
export type MailEvent =
  | { readonly kind: 'session'; readonly report: Report }
  /** Every address that the FTP server refuses now. */
  | { readonly kind: 'blocked'; readonly addresses: readonly string[] }
  /** Numbers that are left of a table's range at this establishment. */
  | { readonly kind: 'keyRange'; readonly table: string; readonly left: number }
  /** Bytes that are free where the database or the data folder lies. */
  | { readonly kind: 'disk'; readonly free: number };

/** Tells people by e-mail. A line that is down, or a server that hangs, holds up nobody but the letters. */
export interface Mailer {
  /** Sends what waits, and from then on looks after silence and the weekly summary. */
  start(): void;
  /** Never rejects and waits for nothing. */
  notify(event: MailEvent): void;
  /**
   * Sends a letter with settings that need not be saved, and resolves when the server took it for every recipient.
   * Rejects with `mail.*`, which never hold the password.
   */
  sendTest(mail: MailSettings): Promise<void>;
  /** Letters not yet sent stay on disk. Waits a moment for one under way, no longer. */
  stop(): Promise<void>;
}

export interface Attachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** Makes the file of a report that goes with a letter. Where it rejects, the report goes as a page. */
export type ReportAttachment = (
  report: Report,
  words: { readonly translate: Translate; readonly language: Language; readonly zone: string },
  signal: AbortSignal,
) => Promise<Attachment>;

/** What a mailer knows of its installation. */
export interface MailerOptions {
  readonly clock: Clock;
  readonly application: string;
  readonly paths: Pick<DataFolder, 'mailQueue' | 'mailState' | 'mailAuthorities'>;
  /** As they are now: read at each turn. */
  readonly settings: () => Promise<Settings>;
  /** Past sessions, newest first. */
  readonly history: (limit: number) => Promise<readonly HistoryLine[]>;
  readonly log: (level: Level, key: string, params: MessageParams) => void;
}
