import { expect, test } from 'vitest';
import type { MssqlTable } from '../../../src/database/mssql/table';
import { parentsFirst } from '../../../src/database/mssql/write-order';

const table = (
  name: string,
  parents: Readonly<Record<string, string>> = {},
): { readonly table: MssqlTable } => ({
  table: {
    name,
    schema: 'dbo',
    sharesOwner: true,
    object: `[dbo].[${name}]`,
    columns: ['id', ...Object.keys(parents)],
    types: [],
    defaults: [],
    nullable: new Set(),
    addable: [],
    additive: [],
    keyCount: 1,
    identity: null,
    countsByOne: false,
    foreignKeys: Object.entries(parents).map(([column, parent]) => ({
      columns: [column],
      parent,
      parentColumns: ['id'],
    })),
    uniques: [],
    checks: [],
    businessTriggers: [],
    generatedKey: false,
    described: [],
    fingerprint: '',
    tracking: 'installed',
    log: 1,
  },
});

const ordered = (...items: { readonly table: MssqlTable }[]): string[] =>
  parentsFirst(items).map(({ item, late }) => [item.table.name, ...late].join(' '));

test('parents come before those that refer to them', () => {
  expect(
    ordered(table('visit', { member: 'member' }), table('member', { club: 'club' }), table('club')),
  ).toEqual(['club', 'member', 'visit']);
});

test('a reference to the table itself, or one that closes a circle, is written last', () => {
  expect(
    ordered(table('player', { mentor: 'player', team: 'team' }), table('team', { captain: 'player' })),
  ).toEqual(['team captain', 'player mentor']);
});

test('a parent that nothing was staged for is there already', () => {
  expect(ordered(table('visit', { member: 'member' }))).toEqual(['visit']);
});
