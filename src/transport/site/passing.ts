import type { TransferOptions } from '../port';
import type { Pace } from './pace';

/** How bytes pass a line. */
export interface Passing extends TransferOptions {
  readonly pace: Pace;
}
