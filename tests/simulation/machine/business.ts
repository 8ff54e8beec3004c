import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { copyFileSync, rmSync } from 'node:fs';
import type { Value } from '../../../src/batch/block';
import type { Contents } from '../../support/witness';
import { closeWaiting } from './sqlite';
import { time } from './time';

type Statement = ReturnType<DatabaseSyncInstance['prepare']>;

const SUFFIXES = ['', '-wal', '-shm'];

/** The application of one place, with a connection of its own, and the file of its database. */
export class Business {
  #handle: DatabaseSyncInstance;
  #queries: ReadonlyMap<string, Statement> = new Map();
  #contents: { readonly version: number; readonly rows: Contents } | null = null;
  #checked: { readonly version: number; readonly orphans: boolean } | null = null;
  readonly #known = new Map<string, Statement>();
  #reset: readonly Statement[] | null = null;
  #pristine = true;
  #columns: ReadonlySet<string> = new Set();

  constructor(
    readonly path: string,
    private readonly place: number,
  ) {
    this.#handle = this.#open();
  }

  run(sql: string): void {
    this.#contents = null;
    this.#handle.exec(sql);
  }

  /** Every column of every table, whatever the application added to it, row by row as text. */
  contents(): Contents {
    const version = this.#version();
    if (this.#contents?.version !== version) this.#contents = { version, rows: this.#readContents() };
    return this.#contents.rows;
  }

  /** Whether rows refer to a parent that is not there. The application's own statements keep to the foreign keys. */
  hasOrphans(): boolean {
    const version = this.#version();
    if (this.#checked?.version !== version)
      this.#checked = { version, orphans: this.#all('PRAGMA foreign_key_check').length > 0 };
    return this.#checked.orphans;
  }

  /** Another one as soon as another connection has written. */
  #version(): number {
    return this.#number('PRAGMA data_version');
  }

  addColumn(table: string, column: string): void {
    this.run(`ALTER TABLE ${table} ADD COLUMN ${column} TEXT`);
    this.#pristine = false;
    this.#readSchema();
  }

  has(column: string): boolean {
    if (this.#queries.size === 0) this.#readSchema();
    return this.#columns.has(column);
  }

  /** A number of the tracking's own notes. */
  state(key: 'lastMarked' | 'position' | 'lostRound'): number {
    return this.#number('SELECT value FROM sync$state WHERE key = ?', key);
  }

  /** Changes that the tracking has noted and that no batch or round has carried. */
  pending(): number {
    if (this.#queries.size === 0) this.#readSchema();
    const counts = [...this.#queries.keys()].map(
      (table) => `(SELECT count(*) FROM sync$log$${table} WHERE sent_in IS NULL)`,
    );
    return this.#number(`SELECT ${counts.join(' + ')}`);
  }

  /** At the hub: a site's last batch that is merged. */
  merged(site: number): number {
    return this.#number('SELECT max(batch) FROM sync$ledger WHERE site = ?', site);
  }

  /** At the hub: a site's batches that are merged and not yet published. */
  unpublished(site: number): number[] {
    const rows = this.#all('SELECT batch FROM sync$ledger WHERE round IS NULL AND site = ?', site);
    return rows.map(([batch]) => Number(batch));
  }

  /** At the hub: changes of a table by a site's word that are not yet published. What the hub answers is no change. */
  logged(table: string, site: number): number {
    return this.#number(
      `SELECT count(*) FROM sync$log$${table} WHERE sent_in IS NULL AND origin = ? AND op <> 'R'`,
      site,
    );
  }

  /** The journal of conflicts, in order. */
  journal(): string[] {
    return this.#all('SELECT conflict FROM sync$journal ORDER BY id').map(([conflict]) => String(conflict));
  }

  /** Of a table, as the tracking noted it. */
  fingerprint(table: string): string {
    const [row] = this.#all('SELECT fingerprint FROM sync$table WHERE name = ?', table);
    return String(row?.[0] ?? '');
  }

  /** Copies the database, as a backup does, while no transaction is under way. */
  copyTo(path: string): void {
    rmSync(path, { force: true });
    this.run(`VACUUM INTO '${path}'`);
  }

  /** Puts a copy in the place of the database. */
  replaceBy(path: string): void {
    this.close();
    for (const suffix of SUFFIXES) rmSync(this.path + suffix, { force: true });
    copyFileSync(path, this.path);
    this.#handle = this.#open();
  }

  /** Makes every row, and all that the tracking noted, what they are in a copy of the same schema. */
  becomeLike(path: string): void {
    if (this.#reset === null) {
      this.run(`ATTACH '${path}' AS template`);
      const names = this.#handle
        .prepare(
          `SELECT name FROM template.sqlite_schema WHERE type = 'table' ORDER BY name LIKE 'sync$%', name`,
        )
        .all() as readonly { name: string }[];
      this.#reset = names
        .flatMap(({ name }) => [
          `DELETE FROM main."${name}"`,
          `INSERT INTO main."${name}" SELECT * FROM template."${name}"`,
        ])
        .map((sql) => this.#handle.prepare(sql));
    }
    this.#dropNew();
    this.run('PRAGMA foreign_keys = OFF; BEGIN');
    for (const statement of this.#reset) statement.run();
    this.run('COMMIT; PRAGMA foreign_keys = ON');
  }

  /** Tables that the tracking makes on the day it needs them. */
  #dropNew(): void {
    const made = this.#handle
      .prepare(
        `SELECT name FROM main.sqlite_schema WHERE type = 'table'
         AND name NOT IN (SELECT name FROM template.sqlite_schema)`,
      )
      .all() as readonly { name: string }[];
    for (const { name } of made) this.run(`DROP TABLE main."${name}"`);
  }

  /** Whether it still has the schema of the first day, and its first file. */
  get pristine(): boolean {
    return this.#pristine;
  }

  /** With all connections to its file that nobody uses. */
  close(): void {
    this.#queries = new Map();
    this.#contents = null;
    this.#checked = null;
    this.#known.clear();
    this.#columns = new Set();
    this.#reset = null;
    this.#pristine = false;
    this.#handle.close();
    closeWaiting(this.path);
  }

  #number(sql: string, ...parameters: Value[]): number {
    return Number(this.#all(sql, ...parameters)[0]?.[0] ?? 0);
  }

  #all(sql: string, ...parameters: Value[]): readonly (readonly Value[])[] {
    const statement = this.#known.get(sql) ?? this.#handle.prepare(sql);
    statement.setReturnArrays(true);
    this.#known.set(sql, statement);
    return statement.all(...parameters) as readonly (readonly Value[])[];
  }

  #open(): DatabaseSyncInstance {
    const handle = new DatabaseSync(this.path, { enableForeignKeyConstraints: true, timeout: 0 });
    // A copy comes without it.
    handle.exec('PRAGMA journal_mode = WAL');
    // What the triggers stamp changes with.
    handle.function('julianday', { varargs: true }, () => time.at(this.place) / 86_400_000 + 2_440_587.5);
    return handle;
  }

  #readContents(): Contents {
    if (this.#queries.size === 0) this.#readSchema();
    return Object.fromEntries(
      [...this.#queries].map(([table, query]) => [
        table,
        query.all().map((row: unknown) => (Array.isArray(row) ? String(row[0]) : '')),
      ]),
    );
  }

  #readSchema(): void {
    const rows = this.#handle
      .prepare(
        `SELECT m.name AS t, c.name AS c FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sync$%' ORDER BY m.name, c.name`,
      )
      .all() as readonly { t: string; c: string }[];
    const columns = new Map<string, string[]>();
    for (const { t, c } of rows) columns.set(t, [...(columns.get(t) ?? []), `quote(${c})`]);
    this.#columns = new Set(rows.map(({ c }) => c));
    this.#queries = new Map(
      [...columns].map(([table, names]) => {
        const query = this.#handle.prepare(`SELECT ${names.join(` || ' ' || `)} FROM ${table} ORDER BY 1`);
        query.setReturnArrays(true);
        return [table, query];
      }),
    );
  }
}
