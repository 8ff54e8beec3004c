import type { Block, Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import type { Expired } from '../expired';
import type { AdditiveColumns } from '../additive';
import type { RowBlock } from '../comparison';
import type { KeyRange } from '../key-ranges';
import { withParents } from '../with-parents';
import type {
  CapturedBlock,
  Catalogue,
  Database,
  Establishment,
  Installation,
  JournalEntry,
  JournalFilter,
  LedgerEntry,
  LedgerPart,
  MergeTransaction,
  MissingRight,
  Restoration,
  SnapshotBlock,
  StageOptions,
  TrackingState,
} from '../port';
import { parseAddress, type Address } from './address';
import { allowsSnapshots, capturePending, release } from './capture';
import { readCatalogue } from './catalogue';
import { asNumber, Connection } from './connection';
import { noteEnding } from './ending-rows';
import { databaseError } from './errors';
import { conflictTables, countConflicts, readConflicts } from './journal';
import { readLastMerged, readLedger } from './ledger';
import { MssqlMergeTransaction } from './merge-transaction';
import { logOf } from './names';
import { logNumber } from './questions';
import { assignKeyRanges, keepInRange } from './key-ranges';
import { purge } from './purge';
import { TransactionEnded } from './refusal';
import { restore } from './restore';
import { missingRights } from './rights';
import { readInFlight, readRows } from './rows';
import { resend } from './resend';
import { occupiedTables, readSnapshot } from './snapshot';
import { Staging } from './staging';
import { hasTracking, readEstablishments, readState, requireTracking, writeAdditive } from './state';
import type { MssqlTable } from './table';
import { prepare, unprepare } from './tracking';
import { pauseTriggers, resumeTracking } from './triggers-paused';

/** The port on SQL Server, over one connection that is made anew once it is lost. */
class MssqlDatabase implements Database {
  readonly #address: Address;
  #connection: Connection;
  #staging: Staging | null = null;

  constructor(address: Address, connection: Connection) {
    this.#address = address;
    this.#connection = connection;
  }

  catalogue(): Promise<Catalogue> {
    return this.#do(readCatalogue);
  }

  prepare(installation: Installation): Promise<void> {
    return this.#do((connection) => prepare(connection, installation));
  }

  declareAdditive(columns: AdditiveColumns): Promise<void> {
    return this.#do(async (connection) => {
      await requireTracking(connection);
      await connection.givingWay(() => writeAdditive(connection, columns));
    });
  }

  unprepare(): Promise<void> {
    return this.#do(unprepare);
  }

  state(): Promise<TrackingState | null> {
    return this.#do(async (connection) => ((await hasTracking(connection)) ? readState(connection) : null));
  }

  establishments(): Promise<readonly Establishment[]> {
    return this.#do(readEstablishments);
  }

  pending(): Promise<number> {
    return this.#do(async (connection) => {
      let count = 0;
      for (const table of await tracked(connection)) {
        const log = logOf(logNumber(table));
        const row = await connection.first(`SELECT COUNT(*) FROM ${log} WHERE sent_in IS NULL`);
        count += asNumber(row?.[0]);
      }
      return count;
    });
  }

  async *capture(number: number, names: readonly string[]): AsyncGenerator<CapturedBlock> {
    try {
      const connection = await this.#open();
      const { role } = await requireTracking(connection);
      const tables = (await tracked(connection)).filter(({ name }) => names.includes(name));
      yield* capturePending(connection, () => Connection.open(this.#address), { tables, role, number });
    } catch (error) {
      throw databaseError(error);
    }
  }

  release(number: number): Promise<void> {
    return this.#do(async (connection) => release(connection, await tracked(connection), number));
  }

  rows(table: string): AsyncIterable<RowBlock> {
    return this.#read(table, readRows);
  }

  inFlight(table: string, after: number, only?: 'questions'): AsyncIterable<readonly (readonly Value[])[]> {
    return this.#read(table, (reader, known) => readInFlight(reader, known, after, only));
  }

  async *snapshot(names: readonly string[]): AsyncGenerator<SnapshotBlock> {
    const tables = (await this.#do(tracked)).filter(({ name }) => names.includes(name));
    const reader = await Connection.open(this.#address);
    try {
      yield* readSnapshot(reader, tables);
    } catch (error) {
      throw databaseError(error);
    } finally {
      await reader.close();
    }
  }

  occupied(): Promise<readonly string[]> {
    return this.#do(async (connection) =>
      occupiedTables(connection, (await readCatalogue(connection)).tables),
    );
  }

  resend(since: number): Promise<number> {
    return this.#do(async (connection) => resend(connection, await tracked(connection), since));
  }

  async stage(blocks: AsyncIterable<Block>, options: StageOptions): Promise<void> {
    await this.#forgetStaged();
    const staging = await this.#do(async (connection) => new Staging(connection, await tracked(connection)));
    this.#staging = staging;
    try {
      for await (const block of blocks) await this.#do(() => staging.add(block, options.clockOffset));
    } catch (error) {
      await this.#forgetStaged();
      throw error;
    }
  }

  async transaction<T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T> {
    const connection = await this.#open();
    try {
      return await this.#merge(connection, work);
    } catch (error) {
      throw databaseError(error);
    } finally {
      // Over one that goes on unnoticed by the triggers, nothing more may be written.
      if (!connection.lost) await resumeTracking(connection).catch(() => connection.close());
      await this.#forgetStaged();
    }
  }

  assignKeyRanges(place: number): Promise<readonly KeyRange[]> {
    return this.#do(async (connection) => assignKeyRanges(connection, await tracked(connection), place));
  }

  missingRights(): Promise<readonly MissingRight[]> {
    return this.#do(async (connection) => missingRights(connection, await tracked(connection)));
  }

  ledger(of?: LedgerPart): Promise<readonly LedgerEntry[]> {
    return this.#prepared((connection) => readLedger(connection, of));
  }

  lastMerged(): Promise<ReadonlyMap<number, number>> {
    return this.#prepared(readLastMerged);
  }

  conflicts(
    limit: number,
    filter?: JournalFilter & { readonly skip?: number },
  ): Promise<readonly JournalEntry[]> {
    return this.#prepared((connection) => readConflicts(connection, limit, filter));
  }

  countConflicts(filter: JournalFilter): Promise<number> {
    return this.#prepared((connection) => countConflicts(connection, filter));
  }

  conflictTables(): Promise<readonly string[]> {
    return this.#prepared(conflictTables);
  }

  restore(id: number, restoration: Restoration): Promise<void> {
    return this.#do(async (connection) => restore(connection, await tracked(connection), id, restoration));
  }

  purge(expired: Expired): Promise<void> {
    return this.#do(async (connection) => purge(connection, await tracked(connection), expired));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Over a connection of its own; where snapshots are allowed, one of the table that nobody waits for. */
  async *#read<T>(
    name: string,
    read: (reader: Connection, table: MssqlTable) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const reader = await Connection.open(this.#address);
    try {
      const table = (await tracked(reader)).find((known) => known.name === name);
      if (table === undefined) throw new SyncError('database.tableUnknown', { params: { table: name } });
      if (await allowsSnapshots(reader)) await reader.run('SET TRANSACTION ISOLATION LEVEL SNAPSHOT');
      yield* read(reader, table);
    } catch (error) {
      throw databaseError(error);
    } finally {
      await reader.close();
    }
  }

  /** Where rows ended the transaction, it is begun again: they are known then, and told as refused. */
  async #merge<T>(connection: Connection, work: (transaction: MergeTransaction) => Promise<T>): Promise<T> {
    for (;;) {
      const goBack = this.#staging?.begin();
      try {
        return await connection.transaction(async () => {
          await takeLock(connection);
          const tables = await tracked(connection);
          const staging = this.#staging ?? new Staging(connection, tables);
          this.#staging = staging;
          const resume = await pauseTriggers(connection, withParents(staging.tables, tables));
          const result = await work(new MssqlMergeTransaction(connection, staging, tables));
          await resume();
          await keepInRange(
            connection,
            staging.tables.map(({ table }) => table),
          );
          return result;
        });
      } catch (error) {
        if (!(error instanceof TransactionEnded)) throw error;
        if (goBack === undefined || this.#staging === null) throw error.cause;
        goBack();
        if (!(await noteEnding(connection, this.#staging, await tracked(connection)))) throw error.cause;
      }
    }
  }

  async #forgetStaged(): Promise<void> {
    const staging = this.#staging;
    this.#staging = null;
    // What a lost connection had staged is gone with it.
    if (staging !== null && !this.#connection.lost) await staging.clear();
  }

  async #open(): Promise<Connection> {
    if (this.#connection.lost) {
      await this.#connection.close();
      this.#connection = await Connection.open(this.#address);
    }
    return this.#connection;
  }

  #prepared<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#do(async (connection) => {
      await requireTracking(connection);
      return work(connection);
    });
  }

  async #do<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#open());
    } catch (error) {
      throw databaseError(error);
    }
  }
}

async function tracked(connection: Connection): Promise<readonly MssqlTable[]> {
  await requireTracking(connection);
  const { tables } = await readCatalogue(connection);
  return tables.filter(({ tracking }) => tracking === 'installed');
}

/** Two engines never write at once. Rejects with `database.busy` once it waited for half a minute. */
async function takeLock(connection: Connection): Promise<void> {
  const row = await connection.first(
    "DECLARE @answer int; EXEC @answer = sp_getapplock @Resource = N'sync', @LockMode = N'Exclusive', " +
      "@LockOwner = N'Transaction', @LockTimeout = 30000; SELECT @answer",
  );
  if (asNumber(row?.[0]) < 0) throw new SyncError('database.busy', { retryable: true });
}

/** Opens `mssql://user:password@host[:port][\instance]/database?options`. Rejects with `database.*`. */
export async function openMssql(text: string): Promise<Database> {
  const address = parseAddress(text);
  return new MssqlDatabase(address, await Connection.open(address));
}
