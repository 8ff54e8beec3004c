import type { Cell } from './conflicts';

/** How far a comparison or a repair is. */
export interface ComparisonProgress {
  readonly table: string;
  /** Tables that are done, of how many. */
  readonly done: number;
  readonly tables: number;
  /** Rows of this table that were read here. */
  readonly rows: number;
}

/** A row that hub and site have in two ways although no change of it is under way. */
export interface DifferingRow {
  readonly id: string;
  /** Whether the row is there at all, on each side. */
  readonly presentHere: boolean;
  readonly presentAtHub: boolean;
  readonly columns: readonly {
    readonly name: string;
    readonly isKey: boolean;
    /** Null where the row is absent on that side. */
    readonly here: Cell | null;
    readonly hub: Cell | null;
    readonly differs: boolean;
  }[];
}

export interface TableComparison {
  readonly table: string;
  readonly state: 'equal' | 'differs' | 'incomparable';
  /** Text key under `compare.reason.`; null where the table was compared. */
  readonly reason: string | null;
  readonly rowsHere: number;
  readonly rowsAtHub: number;
  /** Rows that differ, all of them. */
  readonly different: number;
  /** Rows that differ because a change of them is under way: the next synchronisation brings it. */
  readonly inFlight: number;
  /** The first of the rows that differ. */
  readonly shown: readonly DifferingRow[];
}

export interface Comparison {
  /** When it ended, ISO 8601. */
  readonly at: string;
  readonly tables: readonly TableComparison[];
}

export interface CompareRequest {
  /** One table; left out: all. */
  readonly table?: string;
}

export interface RepairRequest extends CompareRequest {
  /** Whose rows hold. */
  readonly right: 'hub' | 'site';
  /** `DifferingRow.id` of these rows alone; left out: every row that differs. */
  readonly rows?: readonly string[];
}

export interface RepairOutcome {
  readonly tables: readonly {
    readonly table: string;
    readonly repaired: number;
    /** Rows left as they are: changed meanwhile, or refused by the database. */
    readonly left: number;
  }[];
}
