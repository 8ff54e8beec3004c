import fc from 'fast-check';
import type { Block, Change, Value } from '../../../src/batch/block';
import type { Header } from '../../../src/batch/header';

export const header: Header = {
  format: 1,
  application: '1.0.0',
  kind: 'batch',
  origin: 3,
  number: 42,
  base: 7,
  fingerprints: { client: 'abc', commande: 'def' },
  schemas: { client: { columns: [['id', 'INTEGER', 'integer']], key: 1 } },
  clockOffset: -1500,
};

/** Any sequence of UTF-16 units, lone surrogates and NUL too. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '\0', '\ud800', '\udc00', '0.00', '-0.5', '1e5', '007', '12', '12.50'),
);

const kinds = {
  none: fc.constant(null),
  integer: fc.oneof(fc.bigInt({ min: -300n, max: 300n }), fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n })),
  word: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  large: fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  real: fc.oneof(fc.double(), fc.constantFrom(-0, 0, NaN, Infinity, -Infinity)),
  amount: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
  text: anyText,
  amountText: fc.integer({ min: -9999, max: 99_999 }).map((cents) => (cents / 100).toFixed(2)),
  dateText: fc
    .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
    .map((date) => date.toISOString()),
  binary: fc.uint8Array({ maxLength: 20 }),
};

/** A column: of one kind, or of any mix. */
const columnKind: fc.Arbitrary<fc.Arbitrary<Value>> = fc.constantFrom<fc.Arbitrary<Value>>(
  ...Object.values(kinds),
  fc.oneof(...Object.values(kinds)),
);

/** Objects as literals make them: toStrictEqual looks at prototypes too. */
const PLAIN = { noNullPrototype: true } as const;

const instant = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
  fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
);

function changeOf(kindsOfColumns: readonly fc.Arbitrary<Value>[], keyCount: number): fc.Arbitrary<Change> {
  const whole = fc.tuple(...kindsOfColumns);
  const key = fc.tuple(...kindsOfColumns.slice(0, keyCount));
  const common = { changedAt: instant, base: fc.option(fc.nat()) };
  return fc.oneof(
    fc.record(
      {
        ...common,
        op: fc.constantFrom('I' as const, 'U' as const),
        marks: fc
          .array(fc.boolean(), { minLength: kindsOfColumns.length, maxLength: kindsOfColumns.length })
          .map((marks) => marks.map(Number).join('')),
        values: whole,
      },
      PLAIN,
    ),
    fc.record(
      {
        ...common,
        op: fc.constantFrom('D' as const, 'R' as const),
        marks: fc.constant(''),
        values: key,
      },
      PLAIN,
    ),
  );
}

export const anyBlock: fc.Arbitrary<Block> = fc
  .array(columnKind, { minLength: 1, maxLength: 6 })
  .chain((columns) => fc.tuple(fc.constant(columns), fc.integer({ min: 1, max: columns.length })))
  .chain(([columns, keyCount]) =>
    fc.record(
      {
        table: fc.oneof(fc.constantFrom('client', 'commande'), anyText),
        columns: fc.tuple(...columns.map(() => anyText)),
        keyCount: fc.constant(keyCount),
        changes: fc.array(changeOf(columns, keyCount), { maxLength: 40 }),
      },
      PLAIN,
    ),
  );

/** A block of `count` inserts, which says nothing of interest. */
export function plainBlock(table: string, count: number, text = 'x'): Block {
  return {
    table,
    columns: ['id', 'name'],
    keyCount: 1,
    changes: Array.from({ length: count }, (_, i) => ({
      op: 'I' as const,
      marks: '11',
      changedAt: 1_760_000_000_000 + i,
      base: null,
      values: [BigInt(i), `${text} ${i}`],
    })),
  };
}
