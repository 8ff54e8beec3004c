import type { ConflictKind, ConflictRule } from '../../database/port';
import type { RefusedState } from '../../database/refused';

export interface ConflictQuery {
  /** Part of a value of either row, whatever its case. */
  readonly text?: string;
  readonly table?: string;
  readonly kind?: ConflictKind;
  /** Noted at this instant or later, ISO 8601. */
  readonly from?: string;
  /** Noted before this instant, ISO 8601. */
  readonly to?: string;
  readonly limit: number;
  readonly offset?: number;
}

export interface ConflictPage {
  /** Newest first. */
  readonly entries: readonly ConflictEntry[];
  /** Entries that the query finds, whatever its limit. */
  readonly total: number;
  /** Refused rows of the whole journal that wait to be tried again. */
  readonly waiting: number;
  /** Tables that any entry of the journal speaks of, in alphabetical order: choices of a filter. */
  readonly tables: readonly string[];
}

/** A value as it can be shown and printed; long texts are cut. */
export type Cell =
  | { readonly type: 'null' }
  | { readonly type: 'text' | 'number'; readonly text: string }
  | { readonly type: 'bytes'; readonly size: number };

export interface ConflictSide {
  /** 0: the hub. */
  readonly site: number;
  readonly name: string;
  /** When the value was written, ISO 8601; null where it is not known. */
  readonly at: string | null;
  /** Whether the row is there on this side; false: it was deleted. */
  readonly present: boolean;
}

export interface ConflictColumn {
  readonly name: string;
  readonly isKey: boolean;
  /** Null where the row is absent on that side. */
  readonly winner: Cell | null;
  readonly loser: Cell | null;
  readonly differs: boolean;
}

export interface ConflictEntry {
  readonly id: number;
  /** When it was noted, ISO 8601. */
  readonly at: string;
  readonly table: string;
  /** Text keys under `conflict.kind.`, `conflict.rule.` and `conflict.reason.`. */
  readonly kind: ConflictKind;
  readonly rule: ConflictRule;
  readonly reason: string | null;
  /** The site whose batch met the conflict, and that batch. */
  readonly site: { readonly number: number; readonly name: string };
  readonly batch: number;
  readonly winner: ConflictSide;
  readonly loser: ConflictSide;
  readonly columns: readonly ConflictColumn[];
  /** The last time someone put a value back; null: nobody did. */
  readonly restored: {
    readonly which: 'winner' | 'loser';
    /** ISO 8601. */
    readonly at: string;
    readonly by: string;
  } | null;
  /** Of a refused row: what came of it (text key under `conflict.refused.`), and when, ISO 8601. Null for all others. */
  readonly refused: {
    readonly outcome: RefusedState['outcome'];
    readonly at: string | null;
  } | null;
}

/** What came of trying refused rows again. */
export interface RetryResult {
  /** Rows that the database takes now. */
  readonly passed: number;
  /** Rows that were changed by others since: conflicts of their own in the journal. */
  readonly overtaken: number;
  /** Rows that still wait. */
  readonly waiting: number;
}
