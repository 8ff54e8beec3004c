import { logMarks, type LogMarks } from '../log-marks';
import type { Unseen } from '../port';
import type { SqliteTable } from './table';
import type { Connection } from './connection';
import { asNumber, resultCode } from './connection';
import type { Found } from './foreign-keys';
import { findBroken, noteFormer } from './foreign-keys';
import { logOf, quote } from './names';
import { stagedColumn, type Staged, type Staging } from './staging';
import { beforeNames, keyColumns, keyNames, listOf, sameKey } from './log-sql';
import { hasLooseKey } from './triggers';

/**
 * Writes the staged changes set by set. Where the database refuses one (a unique value that moves from row to row
 * is enough), all is undone and done again row by row, which tells which rows it refuses. Where anything is found, the
 * database is left as it was. ABORT: a table may be declared to replace or ignore on conflict, which would lose rows.
 */
export function apply(
  connection: Connection,
  staging: Staging,
  tables: readonly SqliteTable[],
  unseen: Unseen,
): Found[] {
  for (;;) {
    const found = attempt(connection, staging, tables, unseen);
    const counted = found.filter((violation) => !exempt(connection, violation));
    if (counted.length > 0 || found.length === 0) return counted;
  }
}

function attempt(
  connection: Connection,
  staging: Staging,
  tables: readonly SqliteTable[],
  unseen: Unseen,
): Found[] {
  connection.run('SAVEPOINT apply');
  try {
    writeInSets(connection, staging, tables, unseen);
  } catch (error) {
    if (reasonOf(error) === null) throw error;
    connection.run('ROLLBACK TO apply');
    const refused = writeRowByRow(connection, staging, tables, unseen);
    if (refused.length > 0) return undo(connection, refused);
  }
  const broken = findBroken(connection, staging, tables, unseen);
  if (broken.length > 0) return undo(connection, broken);
  connection.run('RELEASE apply');
  return [];
}

function undo(connection: Connection, found: Found[]): Found[] {
  connection.run('ROLLBACK TO apply');
  connection.run('RELEASE apply');
  return found;
}

function writeInSets(
  connection: Connection,
  staging: Staging,
  tables: readonly SqliteTable[],
  unseen: Unseen,
): void {
  logAndNote(connection, staging, tables, unseen);
  for (const staged of staging.tables) {
    deleteStaged(connection, staged, `op = 'D'`);
    connection.run(upsert(staged));
  }
}

/** Every staged row is first taken out, so that values can move between rows, then put back one at a time. */
function writeRowByRow(
  connection: Connection,
  staging: Staging,
  tables: readonly SqliteTable[],
  unseen: Unseen,
): Found[] {
  logAndNote(connection, staging, tables, unseen);
  for (const staged of staging.tables) deleteStaged(connection, staged, '1');
  return staging.tables.flatMap((staged) => insertOneByOne(connection, staged));
}

function insertOneByOne(connection: Connection, staged: Staged): Found[] {
  const columns = staged.table.columns.map(quote).join(', ');
  const insert = connection.statement(
    `INSERT OR ABORT INTO ${quote(staged.table.name)} (${columns}) SELECT ${staged.columns.join(', ')} FROM ${staged.name} WHERE id = ?`,
  );
  const refused: Found[] = [];
  const ids = connection.all(`SELECT id FROM ${staged.name} WHERE write AND op IN ('I', 'U') ORDER BY id`);
  for (const [id] of ids) {
    try {
      insert([id ?? null]);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === null) throw error;
      refused.push({ kind: 'refused', reason, staged, id: asNumber(id) });
    }
  }
  return refused;
}

function deleteStaged(connection: Connection, staged: Staged, condition: string): void {
  const key = keyColumns(staged.table).map(quote).join(', ');
  connection.run(
    `DELETE FROM ${quote(staged.table.name)} WHERE (${key}) IN ` +
      `(SELECT ${staged.keys.join(', ')} FROM ${staged.name} WHERE write AND ${condition})`,
  );
}

function upsert(staged: Staged): string {
  const { table } = staged;
  const target = keyColumns(table).map((column, at) => {
    const collation = table.keyCollations[at] ?? 'BINARY';
    return collation === 'BINARY' ? quote(column) : `${quote(column)} COLLATE ${collation}`;
  });
  const set = table.columns
    .slice(hasLooseKey(table) ? 0 : table.keyCount)
    .map((column) => `${quote(column)} = excluded.${quote(column)}`);
  const action = set.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${set.join(', ')}`;
  return (
    `INSERT OR ABORT INTO ${quote(table.name)} (${table.columns.map(quote).join(', ')}) SELECT ${staged.columns.join(', ')} ` +
    `FROM ${staged.name} WHERE write AND op IN ('I', 'U') ON CONFLICT (${target.join(', ')}) ${action}`
  );
}

/** The hub logs what it writes, so that the next round carries it; a site has only its questions to withdraw. */
function logAndNote(
  connection: Connection,
  staging: Staging,
  tables: readonly SqliteTable[],
  unseen: Unseen,
): void {
  noteFormer(connection, staging, tables);
  for (const staged of staging.tables) {
    if (unseen.at === 'site') withdrawQuestions(connection, staged);
    else logWritten(connection, staged, logMarks(unseen));
  }
}

function logWritten(connection: Connection, staged: Staged, { origin, round, author }: LogMarks): void {
  const { table } = staged;
  const log = quote(logOf(table.name));
  const keys = keyNames(table).join(', ');
  connection.run(
    `INSERT INTO ${log} (op, marks, changed_at, origin, sent_in, ${[...keyNames(table), ...beforeNames(table)].join(', ')}) ` +
      `SELECT 'D', '', s.changed_at, ${origin}, ${round}, ${listOf('t', table.columns)} FROM ${staged.name} AS s ` +
      `CROSS JOIN ${quote(table.name)} AS t ON ${sameKey(table, 't', keyColumns(table), 's', staged.keys)} ` +
      `WHERE s.write AND s.op = 'D'`,
  );
  connection.run(
    `INSERT INTO ${log} (op, marks, changed_at, origin, sent_in, ${keys}) ` +
      `SELECT s.op, s.marks, s.changed_at, ${origin}, ${round}, ${listOf('s', staged.keys)} ` +
      `FROM ${staged.name} AS s WHERE s.write AND s.op IN ('I', 'U')`,
  );
  // The answer to the author: what it had not seen of the row is news to it until the round that carries this line.
  connection.run(
    `INSERT INTO ${log} (op, marks, changed_at, origin, base, ${keys}) ` +
      `SELECT 'R', s.news_marks, s.news_at, s.news_origin, ${author}, ${listOf('s', staged.keys)} ` +
      `FROM ${staged.name} AS s WHERE s.everyone`,
  );
}

function withdrawQuestions(connection: Connection, staged: Staged): void {
  const log = quote(logOf(staged.table.name));
  const asked = `sent_in IS NULL AND op = 'R'`;
  if (connection.first(`SELECT 1 FROM ${log} WHERE ${asked} LIMIT 1`) === null) return;
  connection.run(
    `DELETE FROM ${log} WHERE ${asked} AND (${keyNames(staged.table).join(', ')}) IN ` +
      `(SELECT ${staged.keys.join(', ')} FROM ${staged.name} WHERE write)`,
  );
}

/** A row that had no parent before the change, and refers to it still, is not the change's fault. */
function exempt(connection: Connection, violation: Found): boolean {
  if (violation.kind !== 'missingParent') return false;
  const { staged, id, foreignKey } = violation;
  const { table } = staged;
  const same = foreignKey.columns
    .map((column) => `t.${quote(column)} IS s.${stagedColumn(staged, column)}`)
    .join(' AND ');
  const before = connection.first(
    `SELECT 1 FROM ${staged.name} AS s JOIN ${quote(table.name)} AS t ` +
      `ON ${sameKey(table, 't', keyColumns(table), 's', staged.keys)} WHERE s.id = ? AND ${same}`,
    id,
  );
  if (before === null) return false;
  connection.run(`UPDATE ${violation.staged.name} SET exempt = 1 WHERE id = ?`, violation.id);
  return true;
}

const CONSTRAINT = 19;
const MISMATCH = 20;
const REASONS: Readonly<Record<number, string>> = {
  275: 'check',
  1299: 'notNull',
  1555: 'unique',
  2067: 'unique',
  2579: 'unique',
};

/** Why the database refused a row, or null where the error is of another kind. */
export function reasonOf(error: unknown): string | null {
  const code = resultCode(error);
  const primary = code & 0xff;
  return primary === CONSTRAINT || primary === MISMATCH ? (REASONS[code] ?? 'other') : null;
}
