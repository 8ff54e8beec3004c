import type { Block, Value } from '../../batch/block';
import { SyncError } from '../../shared/errors';
import { addsOf, placesOf, reorder } from '../column-order';
import type { Contested, Settlement, StagedChange } from '../port';
import { writeExpression } from './column-type';
import { asNumber, type Connection } from './connection';
import {
  declarations,
  loadColumns,
  readChange,
  readQuery,
  roundedSums,
  stagedKeyIs,
  stagedRow,
  wired,
  type Staged,
} from './staged-row';
import { stagedNames, type MssqlTable } from './table';
import { parameterOf, type Wire } from './values';

const IDS_AT_ONCE = 1000;

/** Changes laid ready for one transaction, in temporary tables that are gone with the connection. */
export class Staging {
  readonly #connection: Connection;
  readonly #tables: ReadonlyMap<string, MssqlTable>;
  readonly #staged = new Map<string, Staged>();

  constructor(connection: Connection, tables: readonly MssqlTable[]) {
    this.#connection = connection;
    this.#tables = new Map(tables.map((table) => [table.name, table]));
  }

  get tables(): readonly Staged[] {
    return [...this.#staged.values()];
  }

  find(table: string): Staged | undefined {
    return this.#staged.get(table);
  }

  /** The staged changes of a table, with none yet if need be. */
  async open(name: string): Promise<Staged> {
    const known = this.#staged.get(name);
    if (known !== undefined) return known;
    const table = this.#tables.get(name);
    if (table === undefined) throw new SyncError('database.tableUnknown', { params: { table: name } });
    const staged = {
      table,
      name: `#staged_${String(this.#staged.size + 1)}`,
      foreignText: false,
      lastId: 0,
      ending: new Map<number, string>(),
    };
    await this.#connection.run(`CREATE TABLE ${staged.name} (${declarations(table)})`);
    this.#staged.set(name, staged);
    return staged;
  }

  /** `clockOffset`: added to the times, milliseconds. */
  async add(block: Block, clockOffset: number): Promise<void> {
    const staged = await this.open(block.table);
    const places = placesOf(block, staged.table);
    const rows = block.changes.map((change) => {
      const { marks, values } = reorder(change, places, staged.table.columns.length);
      // A question writes nothing, and is answered with the row as it is here.
      const asks = change.op === 'R' ? 1 : 0;
      const time = BigInt(Math.round(change.changedAt + clockOffset));
      const adds = addsOf(change, block, staged.table);
      return stagedRow(staged, [change.op, marks, time, change.base, 1 - asks, asks], values, adds);
    });
    await this.#load(staged, rows);
  }

  /** Stages a row that came with no block, for everyone, in place of what is staged under its key. */
  async putRow(staged: Staged, values: readonly Value[], changedAt: number): Promise<void> {
    const { types, keyCount } = staged.table;
    const key = types.slice(0, keyCount);
    await this.#connection.all(
      `DELETE s FROM ${staged.name} AS s WHERE ${stagedKeyIs(staged.table)}`,
      ...key.map((type, at) => parameterOf(type, values[at] ?? null)),
    );
    const marks = '1'.repeat(values.length);
    await this.#load(staged, [stagedRow(staged, ['U', marks, BigInt(changedAt), null, 1, 1], values, null)]);
  }

  /** Notes what the author of a staged change has not seen of its row. */
  async noteNews(staged: Staged, id: number, news: Contested['here']): Promise<void> {
    await this.#connection.run(
      `UPDATE ${staged.name} SET news_marks = '${news.marks}', news_at = ${String(news.changedAt)}, ` +
        `news_origin = ${String(news.origin)} WHERE id = ${String(id)}`,
    );
  }

  /** Staged changes by their ids, beside the rows as they are. */
  async read(staged: Staged, ids: readonly number[]): Promise<ReadonlyMap<number, StagedChange>> {
    const changes = new Map<number, StagedChange>();
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const some = ids.slice(from, from + IDS_AT_ONCE);
      for (const row of await this.#connection.all(readQuery(staged, some))) {
        const change = readChange(staged.table, row);
        changes.set(change.id, change);
      }
    }
    return changes;
  }

  /** The first changes after this id that are to be written, beside the rows as they are. */
  async page(staged: Staged, after: number, limit: number): Promise<StagedChange[]> {
    const rows = await this.#connection.all(
      `SELECT TOP (${String(limit)}) id FROM ${staged.name} WHERE id > ${String(after)} AND writes = 1 ORDER BY id`,
    );
    const changes = await this.read(
      staged,
      rows.map(([id]) => asNumber(id)),
    );
    return [...changes.values()].sort((a, b) => a.id - b.id);
  }

  async settle(change: StagedChange, settlement: Settlement): Promise<void> {
    const staged = await this.open(change.table);
    const flags = [
      `writes = ${settlement.write ? '1' : '0'}`,
      `everyone = ${settlement.toEveryone ? '1' : '0'}`,
    ];
    if (settlement.marks !== undefined) flags.push(`marks = '${settlement.marks}'`);
    const id = String(change.id);
    await this.#connection.run(`UPDATE ${staged.name} SET ${flags.join(', ')} WHERE id = ${id}`);
    if (settlement.values === undefined) return;
    const { table } = staged;
    const { misfit, reason, wires } = wired(staged, roundedSums(table, settlement.values));
    const set = stagedNames(table).map((column, at) => {
      const value = `@p${String(at + 3)}`;
      const type = table.types[at];
      return `${column} = ${type?.kind === 'binary' ? writeExpression(type, value) : value}`;
    });
    await this.#connection.all(
      `UPDATE ${staged.name} SET misfit = @p1, misfit_reason = @p2, ${set.join(', ')} WHERE id = ${id}`,
      misfit,
      reason,
      ...wires.map((wire, at) =>
        typeof wire === 'number' && table.types[at]?.kind === 'integer' ? BigInt(wire) : wire,
      ),
    );
  }

  /** To be called as a transaction begins; the answer, once it was rolled back: what it opened is gone with it. */
  begin(): () => void {
    const lasting = new Set(this.#staged.keys());
    return () => {
      for (const name of this.#staged.keys()) if (!lasting.has(name)) this.#staged.delete(name);
    };
  }

  async clear(): Promise<void> {
    const names = this.tables.map(({ name }) => name);
    this.#staged.clear();
    for (const name of names) {
      await this.#connection.run(`IF OBJECT_ID('tempdb..${name}') IS NOT NULL DROP TABLE ${name}`);
    }
  }

  async #load(staged: Staged, rows: readonly (readonly Wire[])[]): Promise<void> {
    const numbered = rows.map((row) => {
      staged.lastId += 1;
      return [staged.lastId, ...row];
    });
    await this.#connection.bulk(staged.name, loadColumns(staged.table), numbered);
  }
}
