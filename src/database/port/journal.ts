/** What a merge writes down: the ledger, and the journal of conflicts. */
import type { Value } from '../../batch/block';
import type { RefusedState } from '../refused';

export interface LedgerEntry {
  readonly site: number;
  readonly batch: number;
  readonly sha256: string;
  /** Tables whose changes were left out, because the hub's own table differs. */
  readonly declined: readonly string[];
  /** The round that published it; null: not yet. */
  readonly round: number | null;
}

/** Of one site, or those that no round has published yet. */
export type LedgerPart = { readonly site: number } | 'unpublished';

export type ConflictKind =
  /** Both changed the same column. */
  | 'update'
  /** Both made a row of the same key. */
  | 'insert'
  /** Changed there, deleted here: the row comes back. */
  | 'updateDeleted'
  /** Deleted there, changed here: the row stays. */
  | 'deleteUpdated'
  /** Deleted there, but rows here refer to it: the row stays. */
  | 'deleteParent'
  /** The database refused the row. */
  | 'refused'
  /** Hub and site differed without any change that says so: somebody chose. */
  | 'repair';

export type Policy = 'newest' | 'hub' | 'site';
export type ConflictRule = Policy | 'dataWins' | 'refused' | 'repair';

export interface Conflict {
  readonly table: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  readonly key: readonly Value[];
  readonly kind: ConflictKind;
  readonly rule: ConflictRule;
  /** Whose word holds, and whose does not: site numbers, 0 for the hub. */
  readonly winner: number;
  readonly loser: number;
  /** Whole rows in the order of `columns`; null: the row is absent. */
  readonly winningRow: readonly Value[] | null;
  readonly losingRow: readonly Value[] | null;
  /** Columns whose changes were both counted: they are no part of the conflict, and both rows hold the sum. */
  readonly added?: readonly string[];
  /** Milliseconds since 1970, UTC, by the hub's clock. */
  readonly winnerAt: number | null;
  readonly loserAt: number | null;
  /** For `refused`: unique, foreignKey, check, notNull, tooLong, value or other. */
  readonly reason: string | null;
}

/** A conflict as it is written down. */
export interface NewJournalEntry extends Conflict {
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly site: number;
  readonly batch: number;
}

/** One of the two rows of a conflict. */
export type ConflictSide = 'winner' | 'loser';

/** Somebody put a row of a conflict back. */
export interface Restoration {
  readonly which: ConflictSide;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly by: string;
}

export interface JournalEntry extends NewJournalEntry {
  readonly id: number;
  /** The last one; null: nobody did. */
  readonly restored: Restoration | null;
  /** For `refused`: whether it still waits; null for all others. */
  readonly refused: RefusedState | null;
}

/** Which entries of the journal; what is left out does not matter. */
export interface JournalFilter {
  /** Part of a value of either row, without regard to case. */
  readonly text?: string;
  readonly table?: string;
  readonly kind?: ConflictKind;
  /** Refused rows that wait to be tried again. */
  readonly waiting?: true;
  /** Noted at this instant or later, and before that one: milliseconds since 1970, UTC. */
  readonly from?: number;
  readonly to?: number;
}
