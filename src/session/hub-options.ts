import type { AdditiveColumns } from '../database/additive';
import type { Database, Installation } from '../database/port';
import type { Policies } from '../merge/merge-batch';
import type { Deadline } from './deadline';
import type { HubFolder, HubSite } from './hub-folder';
import type { SessionEnvironment } from './session';
import type { Retention } from './tidy';

export interface HubSessionOptions extends SessionEnvironment {
  readonly database: Database;
  readonly folder: HubFolder;
  readonly installation: Installation;
  readonly application: string;
  /** The user agreed that a database restored from an old copy gets its published rounds again. */
  readonly recover?: boolean;
  /** Every active site, by number. */
  readonly sites: readonly HubSite[];
  /** Those that are gone for good: what they had sent before is merged all the same. */
  readonly retired: readonly HubSite[];
  /** Those that this session waits for: more can come while it receives. */
  readonly expected: () => readonly HubSite[];
  /** The hub receives for at least so long, unless every active site has delivered: others may be about to ask. */
  readonly grace: Deadline | null;
  readonly policies: Policies;
  /** Columns that add up, as they are declared here: the sites follow. */
  readonly additive: AdditiveColumns;
  /** How long it receives: restarted by RAZ. */
  readonly reception: Deadline;
  /** Made when the round is published. */
  readonly acknowledgement: () => Deadline;
  /** Makes sure that the FTP server listens. */
  readonly openServer: () => Promise<void>;
  /** Resolves when a file has reached the hub, or after `milliseconds`. */
  readonly arrival: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Batches were merged or a round was published: what sites are told must be read anew. */
  readonly onChanged: () => Promise<void>;
  /** Whether a site is there, has sent all it has and waits for a round. */
  readonly waits: (site: HubSite) => boolean;
  /** The hub no longer receives; these sites wait for the round that the session publishes. */
  readonly onReceived: (waiting: readonly HubSite[]) => void;
  readonly retention: Retention;
}

/** Active and retired sites, by number. */
export const everyone = ({
  sites,
  retired,
}: Pick<HubSessionOptions, 'sites' | 'retired'>): readonly HubSite[] =>
  [...sites, ...retired].sort((a, b) => a.number - b.number);
