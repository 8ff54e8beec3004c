import type { Role } from '../../report/report';
import type { Sentence } from './sentence';

/** Text keys under `check.`. */
export type CheckName =
  | 'database'
  | 'schema'
  | 'clock'
  /** Site. */
  | 'resolution'
  | 'port'
  | 'certificate'
  | 'login'
  | 'folder'
  | 'data'
  | 'versions'
  /** Hub. */
  | 'ftp'
  | 'passivePorts'
  | 'address'
  /** Of a whole examination alone. */
  | 'settings'
  | 'rights'
  | 'engine'
  | 'disk'
  | 'pairing'
  | 'tables'
  | 'keyRanges'
  | 'departures'
  | 'lastSession'
  | 'success'
  | 'sites'
  | 'mail'
  | 'mailQueue';

/** In the order in which they run: each needs what stands before it. */
export const CHECKS: Readonly<Record<Role, readonly CheckName[]>> = {
  hub: ['database', 'schema', 'ftp', 'port', 'certificate', 'passivePorts', 'address', 'clock'],
  site: [
    'database',
    'resolution',
    'port',
    'certificate',
    'login',
    'folder',
    'data',
    'versions',
    'schema',
    'clock',
  ],
};

/** What an examination looks at beside the test, in its order; some have no object at a hub, or at a site. */
export const EXAMINED: readonly CheckName[] = [
  'settings',
  'rights',
  'engine',
  'disk',
  'pairing',
  'tables',
  'keyRanges',
  'departures',
  'lastSession',
  'success',
  'sites',
  'mail',
  'mailQueue',
];

export interface CheckResult {
  readonly name: CheckName;
  /** `skipped`: one that it needs has failed, or it has no object here. */
  readonly state: 'running' | 'ok' | 'warning' | 'failed' | 'skipped';
  readonly milliseconds: number;
  /** What was found, or what is wrong. */
  readonly message: Sentence | null;
  /** What to do about it (key under `remedy.`), unless all is well. */
  readonly remedy: Sentence | null;
}
