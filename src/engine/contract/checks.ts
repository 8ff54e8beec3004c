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
  | 'address';

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
