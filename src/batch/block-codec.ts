import { BLOCK_CHANGES, type Block, type Change, type Operation, type Value } from './block';
import { ByteReader, ByteWriter, FormatError } from './bytes';
import { takeColumn, putColumn } from './column';
import { ColumnBlock, countChanges, type Cells, type ChangeColumns } from './column-block';
import { INTEGER_LIMIT, putIntegers, takeIntegers } from './integers';
import { putStrings, takeStrings } from './strings';

/** More columns than any engine allows. */
const MAX_COLUMNS = 32_768;
/** Cells of a block, so that a block of nulls, which takes no room in the file, cannot fill the memory. */
const MAX_CELLS = 1 << 24;

const OPERATIONS: readonly Operation[] = ['I', 'U', 'D', 'R'];

export interface EncodedBlock {
  readonly bytes: Buffer;
  /** How many of them are texts of all kinds and lengths. */
  readonly proseBytes: number;
}

/**
 * A block's bytes, not compressed: names, then op, base, changedAt and marks of every change, then column by column,
 * then, only where there are additive columns, their names and what each change adds to them.
 * Throws RangeError for a block that breaks the rules of its type: that is a fault of the caller.
 */
export function encodeBlock(block: Block): EncodedBlock {
  assertWithinLimits(block, countChanges(block));
  const { ops, bases, times, marks, cells } =
    block instanceof ColumnBlock ? columnsOfPlain(block.data) : columnsOf(block);
  const out = new ByteWriter();
  putStrings(out, [block.table]);
  out.varint(block.columns.length);
  putStrings(out, block.columns);
  out.varint(block.keyCount);
  out.varint(ops.length);
  out.append(Buffer.from(ops.map((op) => OPERATIONS.indexOf(op))));
  putIntegers(out, bases);
  putIntegers(out, times);
  putStrings(out, marks);
  for (const column of cells) putColumn(out, column);
  putAdds(out, block);
  return { bytes: out.finish(), proseBytes: out.proseBytes };
}

/** What is written of a block, one list after the other. */
interface Encodable {
  readonly ops: readonly Operation[];
  readonly bases: Float64Array;
  readonly times: Float64Array;
  readonly marks: readonly string[];
  readonly cells: readonly Cells[];
}

function columnsOf(block: Block): Encodable {
  assertSound(block);
  const { changes, columns, keyCount } = block;
  const keys = changes.map((change) => change.values);
  const whole = changes.filter((change) => isWhole(change.op)).map((change) => change.values);
  return {
    ops: changes.map(({ op }) => op),
    bases: numbersOf(changes, ({ base }) => base ?? -1),
    times: numbersOf(changes, ({ changedAt }) => changedAt),
    marks: changes.map((change) => change.marks),
    cells: columns.map((_, column) =>
      (column < keyCount ? keys : whole).map((values) => values[column] ?? null),
    ),
  };
}

const columnsOfPlain = ({ ops, marks, changedAt, cells }: ChangeColumns): Encodable => ({
  ops,
  bases: new Float64Array(ops.length).fill(-1),
  times: changedAt,
  marks,
  cells,
});

/** The block that encodeBlock made these bytes of; throws FormatError for others. */
export function decodeBlock(bytes: Buffer): Block {
  const input = new ByteReader(bytes);
  const [table = ''] = takeStrings(input, 1);
  const width = input.count(MAX_COLUMNS, 'columns');
  const columns = takeStrings(input, width);
  const keyCount = input.count(width, 'key columns');
  const count = input.count(BLOCK_CHANGES, 'changes');
  if (count * width > MAX_CELLS) throw new FormatError(`${count} rows of ${width} columns`);
  const ops = Array.from(input.take(count), operation);
  const bases = takeIntegers(input, count);
  const times = takeIntegers(input, count);
  const marks = takeStrings(input, count);
  const wholeCount = ops.filter(isWhole).length;
  const cells = columns.map((_, column) => takeColumn(input, column < keyCount ? count : wholeCount));
  const { additive, adds } = takeAdds(input, columns, count);
  input.expectEnd();
  let whole = 0;
  const changes = ops.map((op, i): Change => {
    const values = isWhole(op) ? wholeRow(cells, keyCount, i, whole++) : keyOf(cells, keyCount, i);
    const base = bases[i] ?? -1;
    const change = {
      op,
      marks: marks[i] ?? '',
      changedAt: times[i] ?? 0,
      base: base < 0 ? null : base,
      values,
    };
    assertPlausible(change, width);
    return additive.length === 0 ? change : { ...change, adds: adds.map((column) => column[i] ?? null) };
  });
  const block = { table, columns, keyCount, changes };
  return additive.length === 0 ? block : { ...block, additive };
}

/** What no encoder of ours writes would be noted as it is, and would make others' changes be misread. */
function assertPlausible({ marks, changedAt, base }: Change, width: number): void {
  if (marks !== '' && (marks.length !== width || !MARKS.test(marks))) throw new FormatError('marks');
  if (!isSmall(changedAt) || (base !== null && !isSmall(base))) throw new FormatError('a number too large');
}

const MARKS = /^[01]*$/;

function putAdds(out: ByteWriter, block: Block): void {
  const { additive = [] } = block;
  if (additive.length === 0) return;
  const { changes } = block;
  out.varint(additive.length);
  putStrings(out, additive);
  for (let column = 0; column < additive.length; column++) {
    putColumn(
      out,
      changes.map(({ adds }) => adds?.[column] ?? null),
    );
  }
}

function takeAdds(
  input: ByteReader,
  columns: readonly string[],
  count: number,
): { additive: readonly string[]; adds: readonly (readonly Value[])[] } {
  if (input.remaining === 0) return { additive: [], adds: [] };
  const width = input.count(columns.length, 'additive columns');
  const additive = takeStrings(input, width);
  if (width === 0 || !additive.every((name) => columns.includes(name)))
    throw new FormatError('additive columns that are none of the block');
  return { additive, adds: additive.map(() => takeColumn(input, count)) };
}

/** What Float64Array.from does, but for its slow iterator. */
function numbersOf(changes: readonly Change[], numberOf: (change: Change) => number): Float64Array {
  const numbers = new Float64Array(changes.length);
  changes.forEach((change, i) => (numbers[i] = numberOf(change)));
  return numbers;
}

/** Whether the change carries the whole row; the others carry its key alone. */
function isWhole(op: Operation): boolean {
  return op === 'I' || op === 'U';
}

function operation(code: number): Operation {
  const op = OPERATIONS[code];
  if (op === undefined) throw new FormatError(`operation ${code}`);
  return op;
}

function wholeRow(
  cells: readonly (readonly Value[])[],
  keyCount: number,
  change: number,
  whole: number,
): Value[] {
  const values: Value[] = [];
  for (let column = 0; column < cells.length; column++)
    values.push(cells[column]?.[column < keyCount ? change : whole] ?? null);
  return values;
}

function keyOf(cells: readonly (readonly Value[])[], keyCount: number, change: number): Value[] {
  const values: Value[] = [];
  for (let column = 0; column < keyCount; column++) values.push(cells[column]?.[change] ?? null);
  return values;
}

const fail = ({ table }: Block, what: string): never => {
  throw new RangeError(`Block of ${table}: ${what}`);
};

function assertWithinLimits(block: Block, count: number): void {
  const { keyCount, columns } = block;
  const width = columns.length;
  if (width > MAX_COLUMNS) fail(block, `${width} columns, at most ${MAX_COLUMNS}`);
  if (!Number.isInteger(keyCount) || keyCount < 0 || keyCount > width) fail(block, `${keyCount} key columns`);
  if (count > BLOCK_CHANGES) fail(block, `${count} changes, at most ${BLOCK_CHANGES}`);
  if (count * width > MAX_CELLS) fail(block, `${count} rows of ${width} columns`);
}

function assertSound(block: Block): void {
  const { columns, keyCount, changes, additive = [] } = block;
  const width = columns.length;
  if (!additive.every((name) => columns.includes(name))) fail(block, 'additive columns that are none of it');
  for (const { op, values, changedAt, base, adds } of changes) {
    const expected = isWhole(op) ? width : keyCount;
    if (values.length !== expected) fail(block, `${op} with ${values.length} values, ${expected} expected`);
    if (adds !== undefined && adds.length !== additive.length) fail(block, `${adds.length} sums`);
    if (!isSmall(changedAt)) fail(block, `changedAt ${changedAt}`);
    if (base !== null && (base < 0 || !isSmall(base))) fail(block, `base ${base}`);
  }
}

function isSmall(value: number): boolean {
  return Number.isSafeInteger(value) && Math.abs(value) <= INTEGER_LIMIT && !Object.is(value, -0);
}
