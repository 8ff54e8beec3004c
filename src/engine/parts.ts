import type { Database } from '../database/port';
import type { Mailer, MailerOptions } from '../mail/port';
import type { Clock } from '../shared/clock';
import type { Translate } from '../shared/translate';
import type {
  HubLink,
  HubProbe,
  HubServer,
  HubServerEvents,
  HubStatus,
  SiteAccount,
  SiteMemory,
  SiteSecrets,
} from '../transport/port';

/** Where to reach the hub, and as whom: what a pairing code gave. */
export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  /** Null where encryption is turned off by hand. */
  readonly fingerprint: string | null;
  /** Of the certificate that the hub announced. */
  readonly nextFingerprint?: string | null;
  readonly user: string;
  readonly secret: string;
  /** The pairing code's secret, while the hub may not have the one above. */
  readonly code?: string | null;
  readonly memory?: SiteMemory;
  /** Bytes a second that may pass at a time (milliseconds since 1970, UTC); null: as many as can. */
  readonly limitAt?: (now: number) => number | null;
}

export interface ServerOptions {
  readonly port: number;
  readonly publicAddress: string | null;
  readonly passivePorts: { readonly from: number; readonly to: number };
  readonly tls: { readonly key: string; readonly cert: string } | null;
  readonly sitesFolder: string;
  readonly roundsFolder: string;
  readonly snapshotsFolder: string;
  readonly blockedFile: string;
  readonly blocking: {
    readonly threshold: number;
    readonly windowMilliseconds: number;
    /** Null: until someone clears it. */
    readonly durationMilliseconds: number | null;
    /** Addresses that are never blocked. */
    readonly allows: (address: string) => boolean;
  };
  readonly accounts: () => Promise<readonly SiteAccount[]>;
  readonly secrets: SiteSecrets;
  readonly status: (site: number) => Promise<HubStatus>;
  readonly events: HubServerEvents;
}

/** What the engine is put together from. Only entry points know what stands behind these. */
export interface Parts {
  readonly clock: Clock;
  /** Version of the application, for reports and batches. */
  readonly application: string;
  /** Texts of the engine in English, for the log files. */
  readonly english: Translate;
  /** What this account may still write on the disk that holds a folder, bytes. Rejects where the folder is not there. */
  readonly freeBytes: (folder: string) => Promise<number>;
  /** `address`: `sqlite:/path`, as in the settings. */
  readonly openDatabase: (address: string) => Promise<Database>;
  readonly createServer: (options: ServerOptions) => HubServer;
  readonly createLink: (options: LinkOptions) => HubLink;
  readonly createProbe: (options: LinkOptions) => HubProbe;
  readonly createMailer: (options: MailerOptions) => Mailer;
  /** The hub's certificate, made at the first call. */
  readonly certificate: (folder: string) => Promise<HubCertificate>;
  /** The same, which announces and changes itself in time. `now`: milliseconds since 1970, UTC. */
  readonly renewCertificate: (folder: string, now: number) => Promise<RenewedHubCertificate>;
}

export interface HubCertificate {
  readonly key: string;
  readonly cert: string;
  readonly fingerprint: string;
  /** The day of its end, `2046-11-22`. */
  readonly until: string;
}

export interface RenewedHubCertificate extends HubCertificate {
  /** Fingerprint of the one to come; null while that is far. */
  readonly next: string | null;
  /** What was done just now. */
  readonly change: 'announced' | 'renewed' | null;
}
