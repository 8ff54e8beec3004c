import { createHash } from 'node:crypto';
import type { Value } from '../batch/block';
import { placesOf, reorder } from '../database/column-order';
import type { Database, Table } from '../database/port';
import { askForRows, type AskOptions } from './ask';
import { BucketSet, type TableDigests } from './digests';
import type { RowEncoding } from './encoding';
import { inFlightIn, rowsIn, type ReadOptions } from './table-rows';

/** A row that hub and site have in two ways, and that no change under way explains. */
export interface Difference {
  /** The same for the row whenever it is compared. */
  readonly id: string;
  readonly key: readonly Value[];
  /** Whole rows in the order of the site's `Table.columns`; null: absent. */
  readonly here: readonly Value[] | null;
  readonly hub: readonly Value[] | null;
}

export interface DifferencesOptions extends AskOptions, ReadOptions {
  readonly signal: AbortSignal;
  readonly database: Database;
  /** The last round that this site applied, and its last batch that an applied round includes. */
  readonly position: number;
  readonly included: number;
  /**
   * The hub is an old copy: a change under way explains nothing, for it is not all that the two sides may have of a row.
   * Only rows that this site asks about are left.
   */
  readonly hubRestored?: boolean;
}

export interface Found {
  readonly differences: readonly Difference[];
  /** Rows that differ because a change of them is under way. */
  readonly inFlight: number;
}

/** How many rows of one place are held at once. */
const ROWS_HELD = 50_000;

/**
 * Rows of the buckets whose sums differ, from both sides, some buckets at a time so that the memory they take is bounded.
 * On each side the rows are read first and the keys that changes speak of then: a change that was seen in a row is so
 * surely among these.
 */
export async function* differencesOf(
  options: DifferencesOptions,
  table: Table,
  encoding: RowEncoding,
  { here, hub }: { readonly here: TableDigests; readonly hub: TableDigests },
): AsyncGenerator<Found> {
  const differing = here.differing(hub);
  const rowsABucket = Math.max(1, Math.max(here.rows, hub.rows) / here.buckets);
  const atOnce = Math.max(1, Math.floor(ROWS_HELD / rowsABucket));
  for (let from = 0; from < differing.length; from += atOnce) {
    const wanted = differing.slice(from, from + atOnce);
    yield await compareBuckets(options, table, encoding, new BucketSet(here.buckets, wanted), wanted);
  }
}

async function compareBuckets(
  options: DifferencesOptions,
  table: Table,
  encoding: RowEncoding,
  buckets: BucketSet,
  wanted: readonly number[],
): Promise<Found> {
  const { database, position, included, hubRestored = false } = options;
  const asked = await readHub(options, table, encoding, buckets, wanted, position);
  const candidates: Difference[] = [];
  for await (const row of rowsIn(database, table, encoding, buckets, options)) {
    const keyId = encoding.keyId(row);
    const other = asked.rows.get(keyId) ?? null;
    asked.rows.delete(keyId);
    if (other === null || !row.every((value, at) => encoding.isSame(value, other[at] ?? null)))
      candidates.push(differenceOf(table, keyId, row, other));
  }
  for (const [keyId, row] of asked.rows) candidates.push(differenceOf(table, keyId, null, row));
  const underWay = hubRestored ? new Set<string>() : asked.inFlight;
  const query = { buckets, after: included, ...(hubRestored ? { only: 'questions' as const } : {}) };
  for await (const key of inFlightIn(database, table, encoding, query, options))
    underWay.add(encoding.looseKeyId(key));
  const differences = candidates.filter(({ key }) => !underWay.has(encoding.looseKeyId(key)));
  differences.sort((one, other) => compareKeys(one.key, other.key));
  return { differences, inFlight: candidates.length - differences.length };
}

/** For whoever reads them; a database may sort otherwise. */
function compareKeys(one: readonly Value[], other: readonly Value[]): number {
  for (const [at, a] of one.entries()) {
    const b = other[at] ?? null;
    if (a === null || b === null || a === b) continue;
    return a < b ? -1 : 1;
  }
  return 0;
}

interface HubRows {
  /** By `keyId`, in the order of the site's columns. */
  readonly rows: Map<string, readonly Value[]>;
  /** `looseKeyId` of keys that changes speak of. */
  readonly inFlight: Set<string>;
}

async function readHub(
  options: DifferencesOptions,
  table: Table,
  encoding: RowEncoding,
  { buckets }: BucketSet,
  wanted: readonly number[],
  after: number,
): Promise<HubRows> {
  const { name, fingerprint, columns } = table;
  const reader = await askForRows(options, {
    kind: 'rows',
    table: name,
    fingerprint,
    buckets,
    wanted: [...wanted],
    after,
  });
  const found: HubRows = { rows: new Map(), inFlight: new Set() };
  try {
    for await (const block of reader.blocks()) {
      const places = placesOf(block, table);
      for (const change of block.changes) {
        const { values } = reorder(change, places, columns.length);
        if (change.op === 'R') found.inFlight.add(encoding.looseKeyId(values));
        else found.rows.set(encoding.keyId(values), values);
      }
    }
  } finally {
    await reader.close();
  }
  return found;
}

function differenceOf(
  table: Table,
  keyId: string,
  here: readonly Value[] | null,
  hub: readonly Value[] | null,
): Difference {
  const id = createHash('sha256').update(`${table.name}\0${keyId}`).digest('hex').slice(0, 24);
  return { id, key: (here ?? hub ?? []).slice(0, table.keyCount), here, hub };
}
