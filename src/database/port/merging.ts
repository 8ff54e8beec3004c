/** How staged changes become rows, in one transaction. */
import type { Operation, Value } from '../../batch/block';
import type { NotedChange } from '../comparison';
import type { RefusedEnd } from '../refused';
import type { Establishment, ForeignKey, TrackingState } from './catalogue';
import type { LedgerEntry, NewJournalEntry } from './journal';

/** What the author of the staged changes had not seen. */
export type Unseen =
  /** At the hub: rows of another origin, pending or in a round after `base` (or after the change's own base). */
  | {
      readonly at: 'hub';
      readonly author: number;
      readonly base: number;
      /** The author lost what it had done itself in this round and later ones, which counts as unseen too. */
      readonly lostFrom?: number;
    }
  /**
   * At a hub whose database is an old copy, which gets its own round `round` again: all that is pending. The `base` of
   * each staged change is the site it comes from, 0 for what everyone must get.
   */
  | { readonly at: 'replay'; readonly round: number }
  /** At a site: rows pending or in a batch after `included`. */
  | { readonly at: 'site'; readonly included: number };

export interface StagedChange {
  readonly id: number;
  readonly table: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  readonly op: Operation;
  readonly marks: string;
  /** By the clock of this database's owner. */
  readonly changedAt: number;
  readonly values: readonly Value[];
  /** What the change adds to each column; null: not known, or the column is not additive here. Left out: to none. */
  readonly adds?: readonly Value[];
  /** The row as it is in the database now, null when it is absent. */
  readonly current: readonly Value[] | null;
}

/** A staged change that meets changes its author has not seen. */
export interface Contested {
  readonly change: StagedChange;
  /** Of a row that is absent here and whose change adds to a column: the row as it was when it was deleted. */
  readonly removed?: readonly Value[];
  readonly here: {
    /** The row was made here, unseen. */
    readonly inserted: boolean;
    /** Columns changed by any of them. */
    readonly marks: string;
    /** Of the newest of them: when, and by whom (0 for this database's own application). */
    readonly changedAt: number;
    readonly origin: number;
    /** The last batch or round that carried any of them; null: none did yet. */
    readonly sentIn: number | null;
  };
}

/** What becomes of one staged change, where that is not 'written as it came'. */
export interface Settlement {
  /** Write the staged row, or leave the database's row as it is. */
  readonly write: boolean;
  /** Hub: the resulting row goes to everyone, its author included. */
  readonly toEveryone: boolean;
  /** The row to write instead. */
  readonly values?: readonly Value[];
  /** Columns that writing it changes, which a later conflict must know. */
  readonly marks?: string;
}

/** A row that a site did not apply. */
export interface Question {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly key: readonly Value[];
  /** The round before the one that spoke of the row. */
  readonly base: number;
  /**
   * Withdrawn where a round includes this batch and does not speak of the row: the hub has then seen what was done here
   * and come to the same row. Null: asked until the hub answers.
   */
  readonly until: number | null;
}

export type Violation = { readonly change: StagedChange } & (
  | { readonly kind: 'missingParent'; readonly foreignKey: ForeignKey }
  | { readonly kind: 'childrenRemain' }
  | { readonly kind: 'refused'; readonly reason: string }
);

/** Inside one transaction of the database, with business triggers and tracking kept from firing. */
export interface MergeTransaction {
  contested(unseen: Unseen): Promise<readonly Contested[]>;
  settle(change: StagedChange, settlement: Settlement): Promise<void>;
  /**
   * Writes all that is staged and not settled otherwise; at the hub logs it with its origin.
   * Where rows are refused or foreign keys would break, leaves the database untouched and says which.
   */
  apply(unseen: Unseen): Promise<readonly Violation[]>;
  /** Hub: keeps or brings back the parent that a staged row refers to; false where its old row is not known. */
  restoreParent(change: StagedChange, foreignKey: ForeignKey): Promise<boolean>;
  /** Site: the next batch asks the hub for the row; where its table is not there or not prepared, a batch after that. */
  ask(question: Question): Promise<void>;
  /** Site: makes a batch's changes of one table pending again. */
  takeBack(table: string, batch: number): Promise<void>;
  journal(entry: NewJournalEntry): Promise<void>;
  /** Writes down what came of a refused row of the journal, which then waits no more. */
  endRefused(id: number, end: RefusedEnd): Promise<void>;
  /** The first `limit` staged changes of a table after the one of this id (0: from the first) that are to be written. */
  staged(table: string, after: number, limit: number): Promise<readonly StagedChange[]>;
  /**
   * As `staged`, without those whose row here is, byte for byte, what they say. A database that cannot compare so leaves
   * none out.
   */
  doubtful(table: string, after: number, limit: number): Promise<readonly StagedChange[]>;
  /**
   * Site: how many rows a table has, where that is what the hub has: null where changes are pending or in a batch after
   * `included`, or where they are too many to count.
   */
  total(table: string, included: number): Promise<number | null>;
  /** Site: the next batch brings this row to the hub. */
  note(change: NotedChange): Promise<void>;
  recordMerged(entry: Omit<LedgerEntry, 'round'>): Promise<void>;
  recordPosition(round: number, includedBatch: number): Promise<void>;
  /** Writes numbers of the tracking; what is left out stays. */
  recordNumbers(numbers: Partial<TrackingState>): Promise<void>;
  /**
   * Site, where it or its hub is an old copy: what its pending changes add may have been counted in the life that was
   * lost, and is not known.
   */
  forgetSums(): Promise<void>;
  /** Site, about to be filled from a snapshot: all that was logged before is of no account. */
  forgetChanges(): Promise<void>;
  /** Hub, an old copy: the round that is applied again is the last one, it published these and all that was merged. */
  recordReplayed(round: number, entries: readonly Omit<LedgerEntry, 'round'>[]): Promise<void>;
  /**
   * Hub: every row that a round after this one spoke of goes to everyone with the next one, as it is then. Who has seen
   * what stays known by the rounds that were.
   */
  publishAgain(after: number): Promise<void>;
  /** Hub: keeps in the database what the sites are called, in place of what was kept. */
  recordEstablishments(sites: readonly Establishment[]): Promise<void>;
  /** Staged changes that were written, by table. */
  written(): Promise<ReadonlyMap<string, number>>;
}
