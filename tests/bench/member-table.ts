/** Databases with a table of the rows of member-rows.ts. */
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { rmSync } from 'node:fs';
import { memberRows } from './member-rows';

export const MEMBER = `CREATE TABLE member (id INTEGER PRIMARY KEY, last_name TEXT, first_name TEXT, city TEXT,
  points INTEGER, balance TEXT, birth_date TEXT, updated_at TEXT)`;

export const INSERT_MEMBER = 'INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

/** A new database. */
export function makeDatabase(path: string, schema = MEMBER): DatabaseSyncInstance {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  const database = openDatabase(path);
  database.exec(schema);
  return database;
}

/** Written as safely as the product writes: what is measured differs in nothing else. */
export function openDatabase(path: string): DatabaseSyncInstance {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  return database;
}

export function makeMembers(path: string, rows: number): void {
  const database = makeDatabase(path);
  database.exec('BEGIN');
  const insert = database.prepare(INSERT_MEMBER);
  for (const row of memberRows(rows)) insert.run(...row);
  database.exec('COMMIT');
  database.close();
}

/** All rows of one file into another, by SQLite alone. */
export function copyMembers(database: DatabaseSyncInstance, from: string): void {
  database.prepare('ATTACH ? AS source').run(from);
  database.exec('INSERT INTO member SELECT * FROM source.member');
  database.exec('DETACH source');
}
