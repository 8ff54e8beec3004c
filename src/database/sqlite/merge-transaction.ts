import type {
  Contested,
  Establishment,
  ForeignKey,
  LedgerEntry,
  MergeTransaction,
  Question,
  Settlement,
  StagedChange,
  TrackingState,
  Unseen,
  Violation,
  NewJournalEntry,
} from '../port';
import type { RefusedEnd } from '../refused';
import type { NotedChange } from '../comparison';
import { SyncError } from '../../shared/errors';
import { apply } from './apply';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber } from './connection';
import { writeConflict, writeRefusedEnd } from './journal';
import { writeLedger } from './ledger';
import { keyNames, unknownSums } from './log-sql';
import { LEDGER, logOf, QUESTIONS, quote } from './names';
import { restoreParent } from './parents';
import { countSettled, writeNoted } from './rows';
import { withdrawQuestions, writeQuestion } from './questions';
import type { Staging } from './staging';
import { writeEstablishments, writeState } from './state';
import { findContested } from './unseen';

/** The port's transaction on SQLite, whose calls all end before they return. */
export class SqliteMergeTransaction implements MergeTransaction {
  readonly #connection: Connection;
  readonly #staging: Staging;
  readonly #tables: readonly SqliteTable[];

  constructor(connection: Connection, staging: Staging, tables: readonly SqliteTable[]) {
    this.#connection = connection;
    this.#staging = staging;
    this.#tables = tables;
  }

  contested(unseen: Unseen): Promise<readonly Contested[]> {
    return Promise.resolve(findContested(this.#connection, this.#staging, unseen));
  }

  settle(change: StagedChange, settlement: Settlement): Promise<void> {
    this.#staging.settle(change, settlement);
    return Promise.resolve();
  }

  apply(unseen: Unseen): Promise<readonly Violation[]> {
    const found = apply(this.#connection, this.#staging, this.#tables, unseen);
    return Promise.resolve(
      found.map(({ staged, id, ...violation }) => ({ ...violation, change: this.#staging.read(staged, id) })),
    );
  }

  restoreParent(change: StagedChange, foreignKey: ForeignKey): Promise<boolean> {
    const known = this.#tables.some(({ name }) => name === foreignKey.parent);
    return Promise.resolve(known && restoreParent(this.#connection, this.#staging, change, foreignKey));
  }

  ask(question: Question): Promise<void> {
    const table = this.#tables.find(({ name }) => name === question.table);
    writeQuestion(this.#connection, table, question);
    return Promise.resolve();
  }

  takeBack(table: string, batch: number): Promise<void> {
    const log = quote(logOf(table));
    this.#connection.run(`UPDATE ${log} SET sent_in = NULL WHERE sent_in = ?`, batch);
    // The hub has not seen what it left out: that it says nothing of a row is no answer to a question about it.
    this.#connection.run(`UPDATE ${log} SET until = NULL WHERE op = 'R' AND until <= ?`, batch);
    return Promise.resolve();
  }

  journal(entry: NewJournalEntry): Promise<void> {
    writeConflict(this.#connection, entry);
    return Promise.resolve();
  }

  endRefused(id: number, end: RefusedEnd): Promise<void> {
    writeRefusedEnd(this.#connection, id, end);
    return Promise.resolve();
  }

  staged(table: string, after: number, limit: number): Promise<readonly StagedChange[]> {
    const staged = this.#staging.find(table);
    return Promise.resolve(staged === undefined ? [] : this.#staging.page(staged, after, limit));
  }

  doubtful(table: string, after: number, limit: number): Promise<readonly StagedChange[]> {
    const staged = this.#staging.find(table);
    return Promise.resolve(staged === undefined ? [] : this.#staging.doubtful(staged, after, limit));
  }

  total(name: string, included: number): Promise<number | null> {
    const table = this.#tables.find((known) => known.name === name);
    return Promise.resolve(table === undefined ? null : countSettled(this.#connection, table, included));
  }

  note(change: NotedChange): Promise<void> {
    const table = this.#tables.find(({ name }) => name === change.table);
    if (table === undefined)
      throw new SyncError('database.tableUnknown', { params: { table: change.table } });
    writeNoted(this.#connection, table, change);
    return Promise.resolve();
  }

  recordMerged(entry: Omit<LedgerEntry, 'round'>): Promise<void> {
    writeLedger(this.#connection, entry);
    return Promise.resolve();
  }

  recordPosition(round: number, includedBatch: number): Promise<void> {
    for (const table of this.#tables) {
      withdrawQuestions(this.#connection, table, this.#staging.find(table.name), includedBatch);
    }
    writeState(this.#connection, { position: round, included: includedBatch });
    return Promise.resolve();
  }

  recordNumbers(numbers: Partial<TrackingState>): Promise<void> {
    writeState(this.#connection, numbers);
    return Promise.resolve();
  }

  forgetSums(): Promise<void> {
    for (const table of this.#tables) {
      const set = unknownSums(table);
      if (set.length === 0) continue;
      this.#connection.run(`UPDATE ${quote(logOf(table.name))} SET ${set.join(', ')} WHERE sent_in IS NULL`);
    }
    return Promise.resolve();
  }

  forgetChanges(): Promise<void> {
    for (const { name } of this.#tables) this.#connection.run(`DELETE FROM ${quote(logOf(name))}`);
    this.#connection.run(`DELETE FROM ${quote(QUESTIONS)}`);
    return Promise.resolve();
  }

  recordReplayed(round: number, entries: readonly Omit<LedgerEntry, 'round'>[]): Promise<void> {
    for (const entry of entries) writeLedger(this.#connection, entry);
    this.#connection.run(`UPDATE ${quote(LEDGER)} SET round = ? WHERE round IS NULL`, round);
    for (const { name } of this.#tables) {
      this.#connection.run(
        `UPDATE ${quote(logOf(name))} SET sent_in = ? WHERE sent_in IS NULL AND (origin <> 0 OR (op = 'R' AND base > 0))`,
        round,
      );
    }
    writeState(this.#connection, { lastMarked: round });
    return Promise.resolve();
  }

  publishAgain(after: number): Promise<void> {
    for (const table of this.#tables) {
      const [log, keys] = [quote(logOf(table.name)), keyNames(table).join(', ')];
      this.#connection.run(
        `INSERT INTO ${log} (op, marks, changed_at, base, ${keys}) ` +
          `SELECT 'R', '', 0, 0, ${keys} FROM ${log} WHERE sent_in > ? GROUP BY ${keys}`,
        after,
      );
    }
    return Promise.resolve();
  }

  recordEstablishments(sites: readonly Establishment[]): Promise<void> {
    writeEstablishments(this.#connection, sites);
    return Promise.resolve();
  }

  written(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(
      new Map(
        this.#staging.tables.map(({ name, table }) => [
          table.name,
          asNumber(this.#connection.first(`SELECT count(*) FROM ${name} WHERE write`)?.[0]),
        ]),
      ),
    );
  }
}
