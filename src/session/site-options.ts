import type { Database, Installation } from '../database/port';
import type { HubLink } from '../transport/port';
import type { Deadline } from './deadline';
import type { SessionEnvironment } from './session';
import type { Retention } from './tidy';

export interface SiteSessionOptions extends SessionEnvironment {
  readonly database: Database;
  readonly link: HubLink;
  readonly installation: Installation;
  readonly application: string;
  /** This site's number. */
  readonly site: number;
  readonly outbox: string;
  readonly inbox: string;
  /** Started by hand: the hub is asked to open a session now. */
  readonly manual: boolean;
  /** The user agreed that a database restored from an old copy catches up. */
  readonly recover?: boolean;
  /** How long it waits for the hub, and then for its round: restarted by RAZ. */
  readonly deadline: Deadline;
  /** Between two looks at the hub while waiting, once the first ones are over, milliseconds. */
  readonly pollInterval: number;
  readonly retention: Retention;
}
