import type { Table } from '../port';
import type { UniqueTerm } from './unique-indexes';

/** A table as this implementation needs it: the port's view, and what its SQL is made of. */
export interface SqliteTable extends Table {
  /** Declared type of each column, in the order of `columns`. */
  readonly types: readonly string[];
  /** SQL of each column's default, 'NULL' for none. */
  readonly defaults: readonly string[];
  /** Collating sequence of each key column. */
  readonly keyCollations: readonly string[];
  /** Unique indexes beside the key. */
  readonly uniques: readonly (readonly UniqueTerm[])[];
  /** Its columns and the computed ones. */
  readonly allColumns: readonly string[];
}
