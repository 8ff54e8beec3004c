import { isMixed, isSameSchema } from '../database/fingerprint';
import type { Table } from '../database/port';
import { SyncError } from '../shared/errors';
import { askFor } from './ask';
import { differencesOf, type Difference, type DifferencesOptions } from './differences';
import { bucketsFor, MOST_BUCKETS, TableDigests } from './digests';
import { RowEncoding } from './encoding';
import { digestsAnswerSchema, tablesAnswerSchema } from './questions';
import { digestsOf } from './table-rows';

/** Why a table cannot be compared: text keys under `compare.reason.`. */
export type Incomparable = 'schema' | 'missingHere' | 'missingAtHub' | 'notPrepared';

export interface ComparedTable {
  readonly table: string;
  readonly incomparable: Incomparable | null;
  /** Rows of each side; 0 where the table cannot be compared. */
  readonly rowsHere: number;
  readonly rowsAtHub: number;
  /** Rows that differ, in all. */
  readonly different: number;
  /** Rows that differ because a change of them is under way: no fault. */
  readonly inFlight: number;
}

export interface CompareProgress {
  readonly table: string;
  /** Tables that are done, of how many. */
  readonly done: number;
  readonly tables: number;
  /** Rows of this database that were read. */
  readonly rows: number;
}

export type CompareOptions = Omit<DifferencesOptions, 'position' | 'included' | 'onRows'> & {
  /** This table alone; null: all. */
  readonly table: string | null;
  readonly onProgress: (progress: CompareProgress) => void;
  /** Called with differing rows, some at a time. */
  readonly onDifferences: (table: Table, differences: readonly Difference[]) => Promise<void> | void;
};

/** A table's sums are asked for together with those of others up to so many rows: a small table costs no line of its own. */
const ROWS_ASKED = 500_000;

/**
 * Site: compares its tables with the hub's, while both work on. Sums of the rows tell which tables differ and about
 * where; only rows there are looked at. Rejects with `database.notPrepared`, `session.hubRestored`, `compare.*`, `hub.*`.
 */
export async function compareTables(options: CompareOptions): Promise<readonly ComparedTable[]> {
  return new Comparing(options).run();
}

interface Read {
  readonly table: Table;
  readonly encoding: RowEncoding;
  readonly here: TableDigests;
}

class Comparing {
  readonly #options: CompareOptions;
  readonly #results: ComparedTable[] = [];
  #current = '';
  #rows = 0;
  #tables = 0;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  async run(): Promise<readonly ComparedTable[]> {
    const { database, table: only } = this.#options;
    const state = await database.state();
    if (state === null) throw new SyncError('database.notPrepared');
    const hub = await askFor(this.#options, { kind: 'tables' }, tablesAnswerSchema);
    if (hub.round < state.position && this.#options.hubRestored !== true)
      throw new SyncError('session.hubRestored', { params: { round: hub.round, known: state.position } });
    const { tables } = await database.catalogue();
    const comparable = this.#sort(
      tables.filter(({ name }) => only === null || name === only),
      hub.tables,
    );
    this.#tables = comparable.length;
    for (let waiting: Read[] = []; comparable.length > 0; waiting = []) {
      for (let rows = 0; rows < ROWS_ASKED && comparable.length > 0;) {
        const [table, fingerprint] = comparable.shift() ?? neverEmpty();
        const read = await this.#read(table, fingerprint);
        waiting.push(read);
        rows += read.here.rows;
      }
      await this.#ask(waiting, state);
    }
    return this.#results.sort((a, b) => (a.table < b.table ? -1 : 1));
  }

  /** Puts what cannot be compared into the results; the others, each with its fingerprint at the hub. */
  #sort(
    tables: readonly Table[],
    atHub: Readonly<Record<string, string | null>>,
  ): (readonly [Table, string])[] {
    const comparable: (readonly [Table, string])[] = [];
    for (const table of tables) {
      const fingerprint = atHub[table.name];
      if (fingerprint === undefined) this.#leave(table.name, 'missingAtHub');
      else if (fingerprint === null || table.tracking !== 'installed') this.#leave(table.name, 'notPrepared');
      else if (!isSameSchema(table.fingerprint, fingerprint)) this.#leave(table.name, 'schema');
      else comparable.push([table, fingerprint]);
    }
    const known = new Set(tables.map(({ name }) => name));
    const { table: only } = this.#options;
    const missing = Object.keys(atHub).filter((name) => !known.has(name) && (only === null || name === only));
    for (const name of missing) this.#leave(name, 'missingHere');
    if (only !== null && tables.length + missing.length === 0)
      throw new SyncError('database.tableUnknown', { params: { table: only } });
    return comparable;
  }

  #leave(table: string, incomparable: Incomparable): void {
    const nothing = { rowsHere: 0, rowsAtHub: 0, different: 0, inFlight: 0 };
    this.#results.push({ table, incomparable, ...nothing });
  }

  async #read(table: Table, fingerprint: string): Promise<Read> {
    this.#current = table.name;
    this.#rows = 0;
    this.#tell();
    const encoding = new RowEncoding(table, { mixed: isMixed(table.fingerprint, fingerprint) });
    const { database } = this.#options;
    const whole = await digestsOf(database, table, encoding, MOST_BUCKETS, this.#reading());
    return { table, encoding, here: whole.folded(bucketsFor(whole.rows)) };
  }

  async #ask(
    reads: readonly Read[],
    { position, included }: { readonly position: number; readonly included: number },
  ): Promise<void> {
    const tables = reads.map(({ table: { name, fingerprint }, here }) => ({
      table: name,
      fingerprint,
      buckets: here.buckets,
    }));
    const answer = await askFor(this.#options, { kind: 'digests', tables }, digestsAnswerSchema);
    for (const { table, encoding, here } of reads) {
      const sums = answer.tables.find((known) => known.table === table.name);
      const hub = sums === undefined ? null : TableDigests.of(here.buckets, sums.rows, sums.sums);
      if (hub === null) throw new SyncError('hub.answer', { params: { file: 'digests' } });
      let different = 0;
      let inFlight = 0;
      const options = { ...this.#options, position, included, ...this.#reading() };
      for await (const found of differencesOf(options, table, encoding, { here, hub })) {
        different += found.differences.length;
        inFlight += found.inFlight;
        await this.#options.onDifferences(table, found.differences);
      }
      const counts = { rowsHere: here.rows, rowsAtHub: hub.rows, different, inFlight };
      this.#results.push({ table: table.name, incomparable: null, ...counts });
      this.#tell();
    }
  }

  #reading(): { signal: AbortSignal; onRows: (rows: number) => void } {
    return {
      signal: this.#options.signal,
      onRows: (rows) => {
        this.#rows += rows;
        this.#tell();
      },
    };
  }

  #tell(): void {
    const done = this.#results.filter(({ incomparable }) => incomparable === null).length;
    this.#options.onProgress({ table: this.#current, done, tables: this.#tables, rows: this.#rows });
  }
}

function neverEmpty(): never {
  throw new Error('the list was not empty');
}
