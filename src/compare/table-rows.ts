/** What both sides of a comparison read of their own database. */
import { setImmediate } from 'node:timers/promises';
import type { Value } from '../batch/block';
import type { Database, Table } from '../database/port';
import { TableDigests, type BucketSet } from './digests';
import type { RowEncoding } from './encoding';

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Called as rows are read, with how many more. */
  readonly onRows?: (rows: number) => void;
}

export async function digestsOf(
  database: Database,
  { name }: Table,
  encoding: RowEncoding,
  buckets: number,
  options: ReadOptions,
): Promise<TableDigests> {
  const digests = new TableDigests(buckets);
  for await (const { rows } of unhurried(database.rows(name), options)) {
    for (const row of rows) digests.add(encoding, row);
    options.onRows?.(rows.length);
  }
  return digests;
}

/** Rows of some buckets. */
export async function* rowsIn(
  database: Database,
  { name }: Table,
  encoding: RowEncoding,
  buckets: BucketSet,
  options: ReadOptions,
): AsyncGenerator<readonly Value[]> {
  for await (const { rows } of unhurried(database.rows(name), options)) {
    for (const row of rows) if (buckets.has(encoding.keyHash(row))) yield row;
    options.onRows?.(rows.length);
  }
}

interface InFlightQuery {
  readonly buckets: BucketSet;
  readonly after: number;
  /** Of questions alone. */
  readonly only?: 'questions';
}

/** Keys in some buckets that changes speak of which the other side has not seen. To be read after the rows. */
export async function* inFlightIn(
  database: Database,
  { name }: Table,
  encoding: RowEncoding,
  { buckets, after, only }: InFlightQuery,
  options: ReadOptions,
): AsyncGenerator<readonly Value[]> {
  for await (const keys of unhurried(database.inFlight(name, after, only), options)) {
    for (const key of keys) if (buckets.has(encoding.keyHash(key))) yield key;
  }
}

/** A database that answers at once would let nothing else happen in this thread: lines to the sites among others. */
async function* unhurried<T>(groups: AsyncIterable<T>, { signal }: ReadOptions): AsyncGenerator<T> {
  for await (const group of groups) {
    await setImmediate();
    signal.throwIfAborted();
    yield group;
  }
}
