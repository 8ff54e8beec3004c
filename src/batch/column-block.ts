import type { Block, Change, Operation, Value } from './block';

/** Values of one column; whole numbers of at most INTEGER_LIMIT can come as doubles, and mean bigints. */
export type Cells = readonly Value[] | Float64Array;

/** Changes that all carry whole rows, no base of their own and no sums: nearly every one. */
export interface ChangeColumns {
  readonly ops: readonly Extract<Operation, 'I' | 'U'>[];
  readonly marks: readonly string[];
  readonly changedAt: Float64Array;
  /** For each column of the block, the cell of each change. */
  readonly cells: readonly Cells[];
}

/** A block that was read column by column, and can be written so: no object is made for its rows unless someone asks. */
export class ColumnBlock implements Block {
  readonly table: string;
  readonly columns: readonly string[];
  readonly keyCount: number;
  readonly #data: ChangeColumns;
  #changes: readonly Change[] | null = null;

  constructor({ table, columns, keyCount }: Omit<Block, 'changes' | 'additive'>, data: ChangeColumns) {
    this.table = table;
    this.columns = columns;
    this.keyCount = keyCount;
    this.#data = data;
  }

  get data(): ChangeColumns {
    return this.#data;
  }

  get changes(): readonly Change[] {
    const { ops, marks, changedAt, cells } = this.#data;
    this.#changes ??= ops.map((op, row) => ({
      op,
      marks: marks[row] ?? '',
      changedAt: changedAt[row] ?? 0,
      base: null,
      values: cells.map((column) => valueAt(column, row)),
    }));
    return this.#changes;
  }
}

/** How many changes a block has. */
export const countChanges = (block: Block): number =>
  block instanceof ColumnBlock ? block.data.ops.length : block.changes.length;

function valueAt(cells: Cells, row: number): Value {
  const value = cells[row] ?? null;
  return cells instanceof Float64Array && typeof value === 'number' ? BigInt(value) : value;
}
