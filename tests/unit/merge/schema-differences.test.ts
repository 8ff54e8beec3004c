import { describe, expect, test } from 'vitest';
import { fingerprintOf, type FingerprintColumn } from '../../../src/database/fingerprint';
import type { Table } from '../../../src/database/port';
import { fingerprintsOf, heldTables, schemasOf, whyHeld } from '../../../src/merge/schema-differences';

const table = (name: string, parents: string[] = [], more: Partial<Table> = {}): Table => ({
  name,
  columns: ['id'],
  keyCount: 1,
  described: [{ name: 'id', type: 'INTEGER', family: 'integer' }],
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

describe('why a table waits is said exactly', () => {
  const ID: FingerprintColumn = { name: 'id', type: 'INTEGER', family: 'integer' };
  const NAME: FingerprintColumn = { name: 'name', type: 'TEXT', family: 'text' };

  const made = (
    name: string,
    described: readonly FingerprintColumn[],
    { key = 1, parents = [], engine = 'sqlite' }: { key?: number; parents?: string[]; engine?: string } = {},
  ): Table =>
    table(name, parents, {
      columns: described.map((column) => column.name),
      keyCount: key,
      described,
      fingerprint: fingerprintOf(engine, name, described, key),
    });

  const why = (
    here: readonly Table[],
    there: readonly Table[],
    concerned: readonly string[] = ['a'],
  ): string[] =>
    whyHeld(here, schemasOf(there), concerned).map(({ table: name, why: reason, params }) =>
      `${name} ${reason} ${Object.values(params).join(' / ')}`.trim(),
    );

  test('columns that only one side has', () => {
    const wide = made('a', [ID, NAME, { ...NAME, name: 'city' }]);
    expect(why([made('a', [ID])], [wide])).toEqual(['a columnsMissingHere name, city']);
    expect(why([wide], [made('a', [ID, { ...NAME, name: 'town' }])])).toEqual([
      'a columnsMissingHere town',
      'a columnsMissingThere name, city',
    ]);
  });

  test('types: as they are spelled in one engine, by their families in two', () => {
    const varchar = { ...NAME, type: 'VARCHAR(20)' };
    expect(why([made('a', [ID, NAME])], [made('a', [ID, varchar])])).toEqual([
      'a type name / TEXT / VARCHAR(20)',
    ]);
    const number: FingerprintColumn = { name: 'name', type: 'int', family: 'integer' };
    expect(why([made('a', [ID, NAME])], [made('a', [ID, number], { engine: 'mssql' })])).toEqual([
      'a type name / TEXT / int',
    ]);
    expect(why([made('a', [ID, NAME])], [made('a', [ID, varchar], { engine: 'mssql' })])).toEqual([]);
    expect(why([made('a', [ID, { ...NAME, type: '', family: 'any' }])], [made('a', [ID, NAME])])).toEqual([
      'a type name / — / TEXT',
    ]);
  });

  test('keys, their order too', () => {
    expect(why([made('a', [ID, NAME], { key: 2 })], [made('a', [NAME, ID], { key: 2 })])).toEqual([
      'a key id, name / name, id',
    ]);
  });

  test('a table that one side does not have, or does not follow', () => {
    expect(why([], [made('a', [ID])])).toEqual(['a missingHere']);
    expect(why([made('a', [ID])], [])).toEqual(['a missingThere']);
    expect(why([{ ...made('a', [ID]), tracking: 'outdated' }], [made('a', [ID])])).toEqual(['a untracked']);
  });

  test('a table that refers to one that waits, down to the one that differs', () => {
    const rest = [made('b', [ID], { parents: ['a'] }), made('c', [ID], { parents: ['b'] }), made('d', [ID])];
    const here = [made('a', [ID]), ...rest];
    const there = [made('a', [ID, NAME]), ...rest];
    expect(why(here, there, ['c', 'd'])).toEqual(['a columnsMissingHere name', 'b parent a', 'c parent b']);
  });

  test('a file of an older version says that they differ, and no more', () => {
    const { fingerprints } = schemasOf([made('a', [ID, NAME])]);
    expect(whyHeld([made('a', [ID])], { fingerprints }, ['a'])).toEqual([
      { table: 'a', why: 'unknown', params: {} },
    ]);
  });
});
