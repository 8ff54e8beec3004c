/**
 * What travels: changes of one table, in blocks.
 * A value is canonical: integers are bigint, floating-point numbers are number, text is string, binary is bytes.
 */
export type Value = null | bigint | number | string | Uint8Array;

/**
 * I: the row was made by its author; U: changed; D: deleted; R: the author asks for the row as the hub has it,
 * because it could not apply what a round said about it.
 */
export type Operation = 'I' | 'U' | 'D' | 'R';

/**
 * As the `base` of a change: somebody at its author compared the row with the hub's, and chose the author's. Else it is
 * as one without a base.
 */
export const REPAIRED = 2 ** 31 - 1;

export interface Change {
  readonly op: Operation;
  /** One character a column of the block, '1' where its value changed; '' for D and R. */
  readonly marks: string;
  /** When its author made it: milliseconds since 1970, UTC, by the author's own clock. */
  readonly changedAt: number;
  /** The last round whose word on this very row the author has applied; null: the one of the file's header. */
  readonly base: number | null;
  /** The whole row in the order of the block's columns (I, U), or its key alone (D, R). */
  readonly values: readonly Value[];
  /** What the change adds to each of the block's additive columns; null: not known. Left out: to none. */
  readonly adds?: readonly Value[];
}

/** Changes of one table. Its key columns come first, in key order. */
export interface Block {
  readonly table: string;
  readonly columns: readonly string[];
  /** How many of the columns, from the first, are the key. */
  readonly keyCount: number;
  /** Columns whose sums the changes also say what they add to; left out: none. */
  readonly additive?: readonly string[];
  readonly changes: readonly Change[];
}

/** Blocks hold at most this many changes, and are cut earlier when their values pass BLOCK_BYTES. */
export const BLOCK_CHANGES = 4096;
export const BLOCK_BYTES = 1 << 20;
