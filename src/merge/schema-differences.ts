import type { TableSchema } from '../batch/table-schema';
import { isSameSchema } from '../database/fingerprint';
import type { Table } from '../database/port';

export type Fingerprints = Readonly<Record<string, string>>;

/** The tables of one side, as it tells them to the other. */
export interface Schemas {
  readonly fingerprints: Fingerprints;
  /** Older versions tell none. */
  readonly schemas?: Readonly<Record<string, TableSchema>> | undefined;
}

export const fingerprintsOf = (tables: readonly Table[]): Fingerprints =>
  Object.fromEntries(tables.map(({ name, fingerprint }) => [name, fingerprint]));

/** As the header of a batch and the manifest of a round tell them. */
export const schemasOf = (
  tables: readonly Table[],
): { fingerprints: Record<string, string>; schemas: Record<string, TableSchema> } => ({
  fingerprints: { ...fingerprintsOf(tables) },
  schemas: Object.fromEntries(tables.map((table) => [table.name, schemaOf(table)])),
});

const schemaOf = ({ described, keyCount }: Table): TableSchema => ({
  columns: described.map(({ name, type, family }) => [name, type, family]),
  key: keyCount,
});

/**
 * Tables that must wait: those that are not the same on both sides, and those that refer to one that waits.
 * A table that only one side has waits too; what it holds stays pending there. `waiting`: tables that wait anyhow.
 */
export function heldTables(
  tables: readonly Table[],
  other: Fingerprints,
  waiting: Iterable<string> = [],
): ReadonlySet<string> {
  const known = new Map(tables.map((table) => [table.name, table]));
  const held = new Set([...waiting, ...Object.keys(other).filter((name) => !known.has(name))]);
  for (const { name, fingerprint, tracking } of tables) {
    if (!isSameSchema(fingerprint, other[name]) || tracking !== 'installed') held.add(name);
  }
  for (let grown = true; grown;) {
    const before = held.size;
    for (const { name, foreignKeys } of tables) {
      if (foreignKeys.some(({ parent }) => held.has(parent))) held.add(name);
    }
    grown = held.size > before;
  }
  return held;
}

/** Why a table waits; `here` is the side that speaks. */
export interface HeldReason {
  readonly table: string;
  readonly why:
    | 'missingHere'
    | 'missingThere'
    | 'untracked'
    /** Columns that only the other side has: {columns}. */
    | 'columnsMissingHere'
    | 'columnsMissingThere'
    /** {column}, {here}, {there}. */
    | 'type'
    /** {here}, {there}. */
    | 'key'
    /** It refers to a table that waits: {parent}. */
    | 'parent'
    /** The other side does not say what its table is made of. */
    | 'unknown';
  readonly params: Readonly<Record<string, string>>;
}

/** Why these tables wait, and what they refer to that waits with them. By table, in alphabetical order. */
export function whyHeld(
  tables: readonly Table[],
  other: Schemas,
  concerned: Iterable<string>,
): readonly HeldReason[] {
  const held = heldTables(tables, other.fingerprints);
  const known = new Map(tables.map((table) => [table.name, table]));
  const names = new Set([...concerned].filter((name) => held.has(name)));
  // A set grows while it is walked, and is walked to its end.
  for (const name of names) {
    for (const { parent } of known.get(name)?.foreignKeys ?? []) if (held.has(parent)) names.add(parent);
  }
  return [...names].sort().flatMap((name) => reasonsOf(name, known.get(name), other, held));
}

function reasonsOf(
  name: string,
  table: Table | undefined,
  { fingerprints, schemas }: Schemas,
  held: ReadonlySet<string>,
): HeldReason[] {
  const reason = (why: HeldReason['why'], params: HeldReason['params'] = {}): HeldReason => ({
    table: name,
    why,
    params,
  });
  if (table === undefined) return [reason('missingHere')];
  const fingerprint = fingerprints[name];
  if (fingerprint === undefined) return [reason('missingThere')];
  if (!isSameSchema(table.fingerprint, fingerprint)) {
    const there = schemas?.[name];
    const sameEngine = engineOf(table.fingerprint) === engineOf(fingerprint);
    const found = there === undefined ? [] : differencesOf(schemaOf(table), there, sameEngine);
    return found.length === 0 ? [reason('unknown')] : found.map(([why, params]) => reason(why, params));
  }
  if (table.tracking !== 'installed') return [reason('untracked')];
  const parents = new Set(table.foreignKeys.map(({ parent }) => parent).filter((parent) => held.has(parent)));
  return [...parents].map((parent) => reason('parent', { parent }));
}

const engineOf = (fingerprint: string): string | undefined => fingerprint.split(':')[0];

type Difference = readonly [HeldReason['why'], HeldReason['params']];

function differencesOf(here: TableSchema, there: TableSchema, sameEngine: boolean): Difference[] {
  const others = new Map(there.columns.map(([name, type, family]) => [name, { type, family }]));
  const own = new Set(here.columns.map(([name]) => name));
  const [missingHere, missingThere] = [
    there.columns.map(([name]) => name).filter((name) => !own.has(name)),
    here.columns.map(([name]) => name).filter((name) => !others.has(name)),
  ];
  const types = here.columns.flatMap(([column, type, family]): Difference[] => {
    const other = others.get(column);
    const same = other === undefined || (sameEngine ? other.type === type : other.family === family);
    return same ? [] : [['type', { column, here: spelled(type), there: spelled(other.type) }]];
  });
  const keys = { here: keyOf(here), there: keyOf(there) };
  return [
    ...(missingHere.length === 0 ? [] : [listed('columnsMissingHere', missingHere)]),
    ...(missingThere.length === 0 ? [] : [listed('columnsMissingThere', missingThere)]),
    ...types,
    ...(keys.here === keys.there ? [] : [['key', keys] as const]),
  ];
}

const listed = (why: HeldReason['why'], columns: readonly string[]): Difference => [
  why,
  { columns: columns.join(', ') },
];

const keyOf = ({ columns, key }: TableSchema): string =>
  columns
    .slice(0, key)
    .map(([name]) => name)
    .join(', ');

/** SQLite takes a column without any type. */
const spelled = (type: string): string => (type === '' ? '—' : type);
