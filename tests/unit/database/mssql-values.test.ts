import { describe, expect, test } from 'vitest';
import type { Value } from '../../../src/batch/block';
import {
  columnType,
  keyExpression,
  writeExpression,
  type ColumnType,
  type DeclaredType,
} from '../../../src/database/mssql/column-type';
import { fromWire, isTooLong, toWire } from '../../../src/database/mssql/values';

function type(name: string, more: Partial<DeclaredType> = {}): ColumnType {
  const declared = { name, maxLength: 100, precision: 0, scale: 0, collation: null, ...more };
  const found = columnType(declared);
  if (found === null) throw new Error(name);
  return found;
}

const decimal = type('decimal', { precision: 5, scale: 2 });
const money = type('money', { precision: 19, scale: 4 });

describe('what a column can hold', () => {
  const kept: [ColumnType, Value, unknown][] = [
    [type('bit'), 1n, 1],
    [type('int'), -2147483648n, -2147483648],
    [type('bigint'), 9223372036854775807n, 9223372036854775807n],
    [type('float', { precision: 53 }), 1.7976931348623157e308, 1.7976931348623157e308],
    [type('real', { precision: 24 }), Math.fround(0.1), Math.fround(0.1)],
    [type('nvarchar', { maxLength: 8 }), '🏖ab', '🏖ab'],
    [type('varchar', { maxLength: -1 }), 'x'.repeat(9000), 'x'.repeat(9000)],
    [decimal, '-123.4', '-123.40'],
    [decimal, '0.10', '0.10'],
    [decimal, 12.5, '12.50'],
    [decimal, 7n, '7.00'],
    [decimal, '-0.00', '0.00'],
    [money, '-922337203685477.5808', '-922337203685477.5808'],
    [type('date'), '2024-02-29', '2024-02-29'],
    [type('time', { scale: 7 }), '23:59:59.9999999', '23:59:59.9999999'],
    [type('datetime'), '1753-01-01 00:00:00.997', '1753-01-01 00:00:00.997'],
    [type('datetime2', { scale: 3 }), '0001-01-01 00:00:00.12', '0001-01-01 00:00:00.120'],
    [type('datetime2', { scale: 0 }), '2024-01-01 10:00:00.000', '2024-01-01 10:00:00'],
    [
      type('datetimeoffset', { scale: 7 }),
      '2024-06-30 12:00:00.1234567 +14:00',
      '2024-06-30 12:00:00.1234567 +14:00',
    ],
    [type('smalldatetime'), '2079-06-06 23:59:00', '2079-06-06 23:59:00'],
    [
      type('uniqueidentifier'),
      '6f9619ff-8b86-d011-b42d-00c04fc964ff',
      '6F9619FF-8B86-D011-B42D-00C04FC964FF',
    ],
    [type('int'), null, null],
  ];
  test.each(kept)('%o takes %o', (column, value, wire) => {
    expect(toWire(column, value)).toEqual(wire);
  });

  const refused: [ColumnType, Value][] = [
    [type('bit'), 2n],
    [type('tinyint'), -1n],
    [type('int'), 2147483648n],
    [type('int'), 1.5],
    [type('int'), '1'],
    [type('float', { precision: 53 }), Infinity],
    [type('real', { precision: 24 }), 0.1],
    [type('nvarchar', { maxLength: 4 }), 'abc'],
    [type('varbinary', { maxLength: 2 }), new Uint8Array(3)],
    [type('binary', { maxLength: 2 }), new Uint8Array(1)],
    [decimal, '1234.5'],
    [decimal, '1.005'],
    [decimal, 1e21],
    [decimal, '.'],
    [decimal, 'abc'],
    [money, '922337203685477.5808'],
    [money, '0.00001'],
    [type('date'), '2023-02-29'],
    [type('date'), '0000-01-01'],
    [type('date'), '2024-1-1'],
    [type('time', { scale: 2 }), '10:00:00.001'],
    [type('time', { scale: 7 }), '24:00:00'],
    [type('datetime'), '1752-12-31 00:00:00'],
    [type('datetime'), '2024-01-01 00:00:00.005'],
    [type('datetime2', { scale: 7 }), '2024-01-01T00:00:00'],
    [type('datetimeoffset', { scale: 7 }), '2024-01-01 00:00:00 +14:30'],
    [type('smalldatetime'), '2024-01-01 00:00:01'],
    [type('smalldatetime'), '2079-06-07 00:00:00'],
    [type('uniqueidentifier'), 'no'],
  ];
  test.each(refused)('%o does not take %o', (column, value) => {
    expect(toWire(column, value)).toBeUndefined();
  });
});

test('what the driver gives becomes canonical again', () => {
  expect(fromWire(type('bigint'), '9223372036854775807')).toBe(9223372036854775807n);
  expect(fromWire(type('int'), 5)).toBe(5n);
  expect(fromWire(type('float'), 0.5)).toBe(0.5);
  expect(fromWire(type('image'), Buffer.from([1, 2]))).toEqual(new Uint8Array([1, 2]));
  expect(fromWire(type('nvarchar'), '')).toBe('');
  expect(fromWire(type('int'), null)).toBeNull();
});

test('types that are not carried are told', () => {
  for (const name of ['sql_variant', 'geometry', 'hierarchyid', 'vector']) {
    expect(columnType({ name, maxLength: 8, precision: 0, scale: 0, collation: null })).toBeNull();
  }
});

test('what is only too long is told apart from what can never fit', () => {
  const text = type('nvarchar', { maxLength: 10 });
  const bytes = type('varbinary', { maxLength: 2 });
  expect([isTooLong(text, 'abcde'), isTooLong(text, 'abcdef'), isTooLong(text, 7n)]).toEqual([
    false,
    true,
    false,
  ]);
  expect([isTooLong(bytes, new Uint8Array(2)), isTooLong(bytes, new Uint8Array(3))]).toEqual([false, true]);
  expect(isTooLong(type('nvarchar', { maxLength: -1 }), 'x'.repeat(9000))).toBe(false);
});

describe('SQL that makes a value of one that travelled', () => {
  // SQL Server takes no text for bytes by itself, not even where it is empty, and a parameter without a value is text.
  test.each(['varbinary', 'binary', 'image'])('an empty parameter for %s is told to be bytes', (name) => {
    expect(writeExpression(type(name), '@p1')).toBe('CONVERT(varbinary(max), @p1)');
  });

  test('wide text becomes narrow by the code page of its column', () => {
    const narrow = type('varchar', { maxLength: 10, collation: 'Greek_CI_AS' });
    expect(keyExpression(narrow, '@p1')).toBe('CONVERT(varchar(10), @p1 COLLATE Greek_CI_AS)');
  });
});
