import type { Sentence } from './sentence';

/** Why sessions fail until somebody decides, and what leads out of it. */
export interface WayOut {
  /** Key under `error.`. */
  readonly problem: Sentence;
  /** `recover`: by the call of that name; `startFrom`: from the hub's database; null: nothing that this program does. */
  readonly way: 'recover' | 'startFrom' | null;
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
