import { expect, test } from 'vitest';
import type { Table } from '../../../src/database/port';
import { fingerprintsOf, heldTables } from '../../../src/merge/schema-differences';

const table = (name: string, parents: string[] = [], more: Partial<Table> = {}): Table => ({
  name,
  columns: ['id'],
  keyCount: 1,
  foreignKeys: parents.map((parent) => ({ columns: ['id'], parent, parentColumns: ['id'] })),
  generatedKey: false,
  addable: [],
  additive: [],
  fingerprint: `${name}-1`,
  tracking: 'installed',
  ...more,
});

test('tables that are the same on both sides pass', () => {
  const tables = [table('a'), table('b', ['a'])];
  expect([...heldTables(tables, fingerprintsOf(tables))]).toEqual([]);
});

test('a table that differs waits, with those that refer to it from near or far', () => {
  const tables = [table('a'), table('b', ['a']), table('c', ['b']), table('d'), table('e', ['d'])];
  expect([...heldTables(tables, { ...fingerprintsOf(tables), a: 'a-2' })].sort()).toEqual(['a', 'b', 'c']);
});

test('what a table that differs refers to passes', () => {
  const tables = [table('a'), table('b', ['a'])];
  expect([...heldTables(tables, { ...fingerprintsOf(tables), b: 'b-2' })]).toEqual(['b']);
});

test('a table that only one side has waits', () => {
  const tables = [table('a'), table('here')];
  expect([...heldTables(tables, { a: 'a-1', there: 'there-1' })].sort()).toEqual(['here', 'there']);
});

test('a table whose tracking is not as it should be waits', () => {
  const tables = [
    table('a', [], { tracking: 'outdated' }),
    table('b', [], { tracking: 'missing' }),
    table('c'),
  ];
  expect([...heldTables(tables, fingerprintsOf(tables))].sort()).toEqual(['a', 'b']);
});

test('circles and references to oneself end', () => {
  const tables = [table('a', ['b']), table('b', ['a']), table('c', ['c'])];
  expect([...heldTables(tables, fingerprintsOf(tables))]).toEqual([]);
  expect([...heldTables(tables, { ...fingerprintsOf(tables), a: '' })].sort()).toEqual(['a', 'b']);
});

test('two engines agree where the names and families of the columns do', () => {
  const here = [
    table('a', [], { fingerprint: 'sqlite:f1:t1' }),
    table('b', [], { fingerprint: 'sqlite:f2:t2' }),
  ];
  expect([...heldTables(here, { a: 'mssql:f1:t9', b: 'mssql:f3:t2' })]).toEqual(['b']);
  expect([...heldTables(here, { a: 'sqlite:f1:t9', b: 'sqlite:f2:t2' })]).toEqual(['a']);
});
