import type {
  Contested,
  Establishment,
  ForeignKey,
  LedgerEntry,
  MergeTransaction,
  NewJournalEntry,
  Question,
  Settlement,
  StagedChange,
  TrackingState,
  Unseen,
  Violation,
} from '../port';
import type { RefusedEnd } from '../refused';
import type { NotedChange } from '../comparison';
import { SyncError } from '../../shared/errors';
import { apply } from './apply';
import { asNumber, type Connection } from './connection';
import type { Found } from './foreign-keys';
import { writeConflict, writeRefusedEnd } from './journal';
import { writeLedger } from './ledger';
import { LEDGER, logOf, QUESTIONS } from './names';
import { restoreParent } from './parents';
import { logNumber, withdrawQuestions, writeQuestion } from './questions';
import { Overtaken } from './overtaken';
import { countSettled, writeNoted } from './rows';
import type { Staging } from './staging';
import { writeEstablishments, writeState } from './state';
import { keyNames, unknownSums, type MssqlTable } from './table';
import { findContested } from './unseen';

/** The port's transaction on SQL Server. */
export class MssqlMergeTransaction implements MergeTransaction {
  readonly #connection: Connection;
  readonly #staging: Staging;
  readonly #tables: readonly MssqlTable[];
  readonly #overtaken: Overtaken;

  constructor(connection: Connection, staging: Staging, tables: readonly MssqlTable[]) {
    this.#connection = connection;
    this.#staging = staging;
    this.#tables = tables;
    this.#overtaken = new Overtaken(connection, staging);
  }

  async contested(unseen: Unseen): Promise<readonly Contested[]> {
    await this.#overtaken.look();
    return findContested(this.#connection, this.#staging, unseen);
  }

  settle(change: StagedChange, settlement: Settlement): Promise<void> {
    return this.#staging.settle(change, settlement);
  }

  async apply(unseen: Unseen): Promise<readonly Violation[]> {
    const found = await apply(this.#connection, this.#staging, this.#tables, unseen, this.#overtaken);
    const violations: Violation[] = [];
    for (const staged of this.#staging.tables) {
      const own = found.filter((violation) => violation.staged === staged);
      const changes = await this.#staging.read(staged, [...new Set(own.map(({ id }) => id))]);
      violations.push(...own.flatMap((violation) => withChange(violation, changes)));
    }
    return violations;
  }

  async restoreParent(change: StagedChange, foreignKey: ForeignKey): Promise<boolean> {
    const known = this.#tables.some(({ name }) => name === foreignKey.parent);
    return known && (await restoreParent(this.#connection, this.#staging, change, foreignKey));
  }

  ask(question: Question): Promise<void> {
    const table = this.#tables.find(({ name }) => name === question.table);
    return writeQuestion(this.#connection, table, question);
  }

  async takeBack(name: string, batch: number): Promise<void> {
    const table = this.#tables.find((known) => known.name === name);
    if (table === undefined) return;
    const log = logOf(logNumber(table));
    await this.#connection.run(
      `UPDATE ${log} SET sent_in = NULL WHERE sent_in = ${String(batch)}; ` +
        // The hub has not seen what it left out: that it says nothing of a row is no answer to a question about it.
        `UPDATE ${log} SET until_batch = NULL WHERE op = 'R' AND until_batch <= ${String(batch)}`,
    );
  }

  journal(entry: NewJournalEntry): Promise<void> {
    return writeConflict(this.#connection, entry);
  }

  endRefused(id: number, end: RefusedEnd): Promise<void> {
    return writeRefusedEnd(this.#connection, id, end);
  }

  async staged(table: string, after: number, limit: number): Promise<readonly StagedChange[]> {
    const staged = this.#staging.find(table);
    await this.#overtaken.look();
    return staged === undefined ? [] : this.#staging.page(staged, after, limit);
  }

  doubtful(table: string, after: number, limit: number): Promise<readonly StagedChange[]> {
    return this.staged(table, after, limit);
  }

  async total(name: string, included: number): Promise<number | null> {
    const table = this.#tables.find((known) => known.name === name);
    return table === undefined ? null : countSettled(this.#connection, table, included);
  }

  async note(change: NotedChange): Promise<void> {
    const table = this.#tables.find(({ name }) => name === change.table);
    if (table === undefined)
      throw new SyncError('database.tableUnknown', { params: { table: change.table } });
    await writeNoted(this.#connection, table, change);
  }

  recordMerged(entry: Omit<LedgerEntry, 'round'>): Promise<void> {
    return writeLedger(this.#connection, entry);
  }

  async recordPosition(round: number, includedBatch: number): Promise<void> {
    for (const table of this.#tables) {
      await withdrawQuestions(this.#connection, table, this.#staging.find(table.name), includedBatch);
    }
    await writeState(this.#connection, { position: round, included: includedBatch });
  }

  recordNumbers(numbers: Partial<TrackingState>): Promise<void> {
    return writeState(this.#connection, numbers);
  }

  async forgetSums(): Promise<void> {
    for (const table of this.#tables) {
      const set = unknownSums(table);
      if (set.length === 0) continue;
      await this.#connection.run(
        `UPDATE ${logOf(logNumber(table))} SET ${set.join(', ')} WHERE sent_in IS NULL`,
      );
    }
  }

  async forgetChanges(): Promise<void> {
    for (const table of this.#tables) await this.#connection.run(`DELETE FROM ${logOf(logNumber(table))}`);
    await this.#connection.run(`DELETE FROM ${QUESTIONS}`);
  }

  async recordReplayed(round: number, entries: readonly Omit<LedgerEntry, 'round'>[]): Promise<void> {
    const number = String(round);
    for (const entry of entries) await writeLedger(this.#connection, entry);
    await this.#connection.run(`UPDATE ${LEDGER} SET round = ${number} WHERE round IS NULL`);
    for (const table of this.#tables) {
      await this.#connection.run(
        `UPDATE ${logOf(logNumber(table))} SET sent_in = ${number} ` +
          `WHERE sent_in IS NULL AND (origin <> 0 OR (op = 'R' AND base > 0))`,
      );
    }
    await writeState(this.#connection, { lastMarked: round });
  }

  async publishAgain(after: number): Promise<void> {
    for (const table of this.#tables) {
      const [log, keys] = [logOf(logNumber(table)), keyNames(table).join(', ')];
      await this.#connection.run(
        `INSERT INTO ${log} (op, marks, changed_at, base, ${keys}) ` +
          `SELECT 'R', '', 0, 0, ${keys} FROM ${log} WHERE sent_in > ${String(after)} GROUP BY ${keys}`,
      );
    }
  }

  recordEstablishments(sites: readonly Establishment[]): Promise<void> {
    return writeEstablishments(this.#connection, sites);
  }

  async written(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { table, name } of this.#staging.tables) {
      const row = await this.#connection.first(`SELECT COUNT(*) FROM ${name} WHERE writes = 1`);
      counts.set(table.name, asNumber(row?.[0]));
    }
    return counts;
  }
}

function withChange(found: Found, changes: ReadonlyMap<number, StagedChange>): Violation[] {
  const change = changes.get(found.id);
  return change === undefined ? [] : [{ ...found, change }];
}
