import type { StepHandle } from './session';
import { systemCode } from '../shared/disk-error';
import { SyncError } from '../shared/errors';

/** How long what has served its purpose is kept, milliseconds. */
export interface Retention {
  /** Sent changes, batches and rounds; longer where somebody has not had them yet. */
  readonly changes: number;
  readonly conflicts: number;
}

export const DAY = 24 * 3_600_000;

/** Tidying never fails a session: what hinders it is told, and the next session tries again. */
export async function tidied(handle: Pick<StepHandle, 'warn'>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    handle.warn('session.tidyFailed', {
      reason: error instanceof SyncError ? error.code : systemCode(error),
    });
  }
}
