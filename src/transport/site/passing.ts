import type { TransferOptions } from '../port';
import type { Pace } from './pace';

/** How bytes pass a line. */
export interface Passing extends TransferOptions {
  readonly pace: Pace;
  /** A transfer that the hub lets stand still for so long is cut. */
  readonly standstillMilliseconds: number;
}
