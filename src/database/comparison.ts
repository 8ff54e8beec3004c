/** What a comparison of two places reads of a database. */
import type { Operation, Value } from '../batch/block';

/** Some rows of one table; `columns` as in `Table.columns`. */
export interface RowBlock {
  readonly table: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  readonly rows: readonly (readonly Value[])[];
}

/** A row that the site sends although its application did not write it. */
export interface NotedChange {
  readonly table: string;
  readonly op: Exclude<Operation, 'R'>;
  /** One character a column of `Table.columns`; '' for D. */
  readonly marks: string;
  readonly key: readonly Value[];
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  /** As in `Change`; left out: none. */
  readonly base?: number;
}

/** A table with more rows is not counted: that would take longer than what a night moved of it. */
export const MOST_COUNTED = 1_000_000;

export const ROWS_AT_ONCE = 2048;

/** Gathers what a database reads one by one. */
export async function* inGroups<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<readonly T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < ROWS_AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
