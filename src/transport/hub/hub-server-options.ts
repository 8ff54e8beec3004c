import type { Clock } from '../../shared/clock';
import type { HubServerEvents, HubStatus, SiteAccount, SiteSecrets } from '../port';
import type { BlockingRules } from './blocked';
import type { PassivePorts } from './passive';
import type { SessionLimits } from './session';

export interface HubServerOptions {
  /** Control port; 0: any free one, which the state then tells. */
  readonly port: number;
  /** Address to listen on; by default all of them. */
  readonly host?: string;
  /** Null only where the user turned encryption off by hand. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
  readonly passivePorts: PassivePorts;
  /** Name or IPv4 address that PASV announces; by default the control line's own end. */
  readonly publicAddress?: string | null;
  /** `<number>/batches` and `<number>/acks` are made in it. */
  readonly sitesFolder: string;
  /** `000123/manifest.json` and segments, which the hub publishes. */
  readonly roundsFolder: string;
  /** Where `snapshotName` names files; none without it. */
  readonly snapshotsFolder?: string;
  readonly blockedFile: string;
  /** Asked at every login. */
  readonly accounts: () => Promise<readonly SiteAccount[]>;
  /** Without it no account has a code. */
  readonly secrets?: SiteSecrets;
  /** Asked each time a site reads its `/status.json`. */
  readonly status: (site: number) => HubStatus | Promise<HubStatus>;
  readonly events?: Partial<HubServerEvents>;
  /** What is left out keeps its default. */
  readonly blocking?: Partial<BlockingRules>;
  readonly limits?: Partial<SessionLimits>;
  readonly tarpitMilliseconds?: number;
  /** Free bytes of the disk that a folder is on; by default what the system says. */
  readonly free?: (folder: string) => Promise<number>;
  readonly clock?: Clock;
}

export const defaultLimits: SessionLimits = {
  loginMilliseconds: 30_000,
  idleMilliseconds: 10 * 60_000,
  silenceMilliseconds: 60_000,
  waitMilliseconds: 30_000,
  handshakeMilliseconds: 300,
  failedLogins: 3,
};
