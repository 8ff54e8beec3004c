import type { SettingsFault } from '../../config/settings-faults';
import type { Settings } from '../../config/settings-schema';
import type { Policy } from '../../database/port';
import type { Role } from '../../report/report';
import type { Sentence } from './sentence';

export type { SettingsFault } from '../../config/settings-faults';
export type Preferences = Settings['preferences'];
export type Blocking = NonNullable<Settings['hub']>['blocking'];

/** A secret as a screen sees it: whether there is one. */
export interface SecretState {
  readonly set: boolean;
}

/** A secret as a screen gives it: left as it is, taken away (`set` false), or a new one. */
export interface SecretDraft extends SecretState {
  readonly value?: string;
}

type Mail = Omit<Settings['mail'], 'password'>;

/**
 * All settings but the secrets: of these, only whether they are set. The address of a database server comes without
 * its password; one that goes back so stands for the same server and account with the password that is known.
 */
export interface SettingsValues extends Omit<
  Settings,
  'version' | 'installation' | 'hub' | 'site' | 'mail' | 'password'
> {
  /** Its sites are a list of their own: `sites()`. */
  readonly hub: Omit<NonNullable<Settings['hub']>, 'sites'> | null;
  /** What this site is paired to. */
  readonly site: PairedHub | null;
  readonly mail: Mail & { readonly password: SecretState };
  readonly password: SecretState;
}

export interface PairedHub extends Omit<NonNullable<Settings['site']>, 'secret' | 'code'> {
  readonly secret: SecretState;
  /** Set: the pairing code has not been used yet. */
  readonly code: SecretState;
}

export type MailDraft = Mail & { readonly password: SecretDraft };

/** What a screen may change: a copy of `values` with other values in it. Role, pairing and password are left alone. */
export type SettingsDraft = Omit<SettingsValues, 'role' | 'site' | 'mail' | 'password'> & {
  readonly mail: MailDraft;
};

export interface SettingsView {
  /** Null while there are none that can be used; `faults` or `problem` then says why. */
  readonly values: SettingsValues | null;
  readonly faults: readonly SettingsFault[];
  /** Why there are no values: `error.settings.missing`, `error.settings.invalid`, `error.settings.unreadable`… */
  readonly problem: Sentence | null;
  /** What a first start proposes. */
  readonly proposals: { readonly name: string; readonly address: string };
}

/** The answers of the first start. */
export interface NewInstallation {
  readonly role: Role;
  readonly name: string;
  /** `sqlite:/path`, or a plain path; `mssql://…` as `serverAddress` makes it. */
  readonly database: string;
  /** Hub: port of the FTP server, 21 by default. */
  readonly port?: number;
  /** Hub: name or address by which sites reach it; this machine's own name by default. */
  readonly address?: string;
}

export interface DatabaseTest {
  /** As it is written in the settings. */
  readonly address: string;
  /** Tables that can be synchronised, and tables that cannot. */
  readonly tables: number;
  readonly excluded: number;
  /** `other`: by another installation, as in a copy of its database. */
  readonly prepared: Prepared;
}

export type Prepared = 'no' | 'this' | 'other';

export interface TableLine {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly generatedKey: boolean;
  /** Text key under `tracking.`. */
  readonly tracking: 'missing' | 'outdated' | 'installed';
  /** Columns that can be added up. */
  readonly addable: readonly string[];
  /** Null: follows the default. */
  readonly policy: Policy | null;
}

/** Something to know or to put right (key under `diagnostic.`). */
export interface Diagnostic extends Sentence {
  readonly level: 'info' | 'warning' | 'error';
  readonly table: string | null;
  /** The call that puts it right; null: the company's own application has to. */
  readonly remedy: 'prepare' | null;
}

export interface TablesView {
  readonly prepared: Prepared;
  /** Changes that the next synchronisation carries. */
  readonly pending: number;
  readonly tables: readonly TableLine[];
  /** Reason: text key under `excluded.`. */
  readonly excluded: readonly { readonly name: string; readonly reason: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** An establishment in the hub's settings. */
export interface SiteLine {
  readonly number: number;
  readonly name: string;
  /** False: retired. It gets nothing any more and cannot log in. */
  readonly active: boolean;
  /** When it last reached the hub, ISO 8601; null: never, its pairing code is not in use yet. */
  readonly lastSeen: string | null;
  /** A pairing code that nobody has used; null: there is none. */
  readonly code: { readonly expired: boolean; readonly expiresAt: string } | null;
}

/** A pairing code opens the hub once: show it, never log it. It cannot be shown a second time. */
export interface PairingCode {
  readonly site: number;
  readonly name: string;
  readonly code: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}
