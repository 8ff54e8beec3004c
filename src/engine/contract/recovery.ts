import type { Sentence } from './sentence';

/** Why sessions fail until somebody decides, and what leads out of it. */
export interface WayOut {
  /** Key under `error.`. */
  readonly problem: Sentence;
  /**
   * By the call `recover`: `recover` takes the missing rounds again; `goOn`, at a hub, goes on from its old copy;
   * `giveBack`, at a site, gives such a hub back what it lost; `publishAgain`, at a hub, publishes anew what its lost
   * folder held. `startFrom`: from the hub's database; null: nothing that
   * this program does.
   */
  readonly way: 'recover' | 'goOn' | 'giveBack' | 'publishAgain' | 'startFrom' | null;
}

/** Where a site's empty database gets its rows from. */
export type StartingPoint =
  | { readonly from: 'hub' }
  /** A file that a hub wrote, and the passphrase that was given there. */
  | { readonly from: 'file'; readonly file: string; readonly passphrase: string };

export interface WrittenSnapshot {
  /** The last round that is in it. */
  readonly round: number;
  readonly rows: number;
  /** Before it was sealed. */
  readonly bytes: number;
}

/** Of how many, where that is known. */
export interface Amount {
  readonly done: number;
  readonly total: number | null;
}

/** How far the writing of a starting point, or the start from one, is. */
export interface SnapshotProgress {
  /** `waiting`: until the hub has one ready. */
  readonly stage: 'writing' | 'sealing' | 'waiting' | 'receiving' | 'unsealing' | 'loading';
  /** In hand; null where a file passes whole. */
  readonly table: string | null;
  readonly rows: Amount | null;
  readonly bytes: Amount | null;
  /** Of this stage, milliseconds; null: not known. */
  readonly left: number | null;
}
