import { describe, expect, test } from 'vitest';
import type { Value } from '../../../src/batch/block';
import { BucketSet, bucketsFor, MOST_BUCKETS, TableDigests } from '../../../src/compare/digests';
import { RowEncoding } from '../../../src/compare/encoding';
import { seededRandom } from '../../support/random';

const SHAPE = { columns: ['id', 'name', 'amount', 'photo'], keyCount: 1 };
const encoding = new RowEncoding(SHAPE, { mixed: false });

const rows = (count: number): Value[][] =>
  Array.from({ length: count }, (_, at) => [BigInt(at), `name ${String(at)}`, at / 3, null]);

function digestsOf(table: readonly (readonly Value[])[], buckets: number): TableDigests {
  const digests = new TableDigests(buckets);
  for (const row of table) digests.add(encoding, row);
  return digests;
}

describe('the sums of a table', () => {
  test('do not depend on the order of rows, nor of columns beside the key', () => {
    const table = rows(1000);
    const whole = digestsOf(table, 64);
    expect(digestsOf(table.toReversed(), 64).differing(whole)).toEqual([]);
    const turned = new RowEncoding(
      { columns: ['id', 'photo', 'name', 'amount'], keyCount: 1 },
      { mixed: false },
    );
    const other = new TableDigests(64);
    for (const [id = null, name = null, amount = null, photo = null] of table)
      other.add(turned, [id, photo, name, amount]);
    expect(other.differing(whole)).toEqual([]);
  });

  test('differ in the buckets of rows that differ, and only there', () => {
    const seed = 20261126;
    const random = seededRandom(seed);
    const table = rows(5000);
    const whole = digestsOf(table, 128);
    for (let turn = 0; turn < 50; turn += 1) {
      const at = random.below(table.length);
      const changed = table.with(at, [BigInt(at), `other`, at / 3, null]);
      const found = digestsOf(changed, 128).differing(whole);
      expect(found, `seed ${String(seed)}`).toHaveLength(1);
      expect(new BucketSet(128, found).has(encoding.keyHash([BigInt(at)]))).toBe(true);
      expect(digestsOf(table.toSpliced(at, 1), 128).differing(whole)).toEqual(found);
    }
  });

  test('are the same once folded as if they had been taken so', () => {
    const whole = digestsOf(rows(3000), MOST_BUCKETS).folded(32);
    expect(whole.rows).toBe(3000);
    expect(whole.differing(digestsOf(rows(3000), 32))).toEqual([]);
    expect(whole.differing(digestsOf(rows(2999), 32))).toHaveLength(1);
  });

  test('travel as text', () => {
    const whole = digestsOf(rows(500), 16);
    const arrived = TableDigests.of(16, 500, whole.toBase64());
    expect(arrived?.differing(whole)).toEqual([]);
    expect(TableDigests.of(32, 500, whole.toBase64())).toBeNull();
  });

  test('spread rows evenly', () => {
    const counts = new Map<number, number>();
    for (const row of rows(64_000)) {
      const bucket = encoding.keyHash(row) % 1024;
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    expect(counts.size).toBe(1024);
    expect(Math.max(...counts.values())).toBeLessThan(130);
  });

  test('have as many buckets as rows ask for', () => {
    expect([0, 64, 65, 1000, 10_000_000].map(bucketsFor)).toEqual([1, 1, 2, 16, MOST_BUCKETS]);
  });
});

describe('a row as bytes', () => {
  const digest = (row: Value[]): string => encoding.digest(row).toString('hex');

  test('tells apart what is not the same value', () => {
    const values: Value[] = [null, 0n, 1n, -1n, 0, -0, 1, '1', '', '\0', 'a', 'A', 'a ', '\ud800', '\ud801'];
    const bytes = [new Uint8Array(), new Uint8Array([0]), new Uint8Array([97])];
    const digests = [...values, ...bytes].map((value) => digest([1n, 'x', 1, value]));
    expect(new Set(digests).size).toBe(digests.length);
    expect(digest([1n, 'ab', 1, 'c'])).not.toBe(digest([1n, 'a', 1, 'bc']));
  });

  test('takes keys for one that a database may take for one, and only where that is asked', () => {
    const [a, b] = [['Müller '], ['MÜLLER']];
    expect(encoding.looseKeyId(a)).toBe(encoding.looseKeyId(b));
    expect(encoding.keyHash(a)).toBe(encoding.keyHash(b));
    expect(encoding.keyId(a)).not.toBe(encoding.keyId(b));
  });

  test('between databases of two kinds, leaves aside how each spells a number or a moment', () => {
    const mixed = new RowEncoding(SHAPE, { mixed: true });
    const same: readonly (readonly [Value, Value])[] = [
      [12n, 12],
      ['12.50', 12.5],
      ['-0.10', -0.1],
      ['2026-01-10 10:00:00', '2026-01-10 10:00:00.000'],
      ['2026-01-10 10:00:00.1230000 +02:00', '2026-01-10 10:00:00.123 +02:00'],
      ['6f9619ff-8b86-d011-b42d-00c04fc964ff', '6F9619FF-8B86-D011-B42D-00C04FC964FF'],
    ];
    for (const [one, other] of same) {
      expect([one, mixed.isSame(one, other), encoding.isSame(one, other)]).toEqual([one, true, false]);
    }
    expect(mixed.isSame('12.50', '12.51')).toBe(false);
    expect(mixed.isSame('100', '10')).toBe(false);
    expect(mixed.isSame('Anne', 'anne')).toBe(false);
  });
});
