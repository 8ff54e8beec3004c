import type { Inbox } from '../names';

/** Something to leave at the hub under a number. */
export interface Deposit {
  readonly inbox: Inbox;
  readonly number: number;
  readonly size: number;
  readonly sha256: string;
  /** Its bytes from `start`. */
  readonly open: (start: number) => AsyncIterable<Buffer>;
}
