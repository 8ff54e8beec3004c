import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { execFileSync } from 'node:child_process';

/** The company's own application: a connection of its own to the database, with no knowledge of ours. */
export interface Business {
  run(...statements: string[]): void;
  /** Each value of each row as SQL text, so that 1 and 1.0, '' and NULL differ. Rows in order of their text. */
  rows(table: string, columns: readonly string[]): string[];
  /** What a query gives, each row as text. */
  query(sql: string): string[];
  close(): void;
}

export interface BusinessOptions {
  readonly foreignKeys?: boolean;
}

export function openBusiness(path: string, { foreignKeys = false }: BusinessOptions = {}): Business {
  const handle = new DatabaseSync(path, {
    enableForeignKeyConstraints: foreignKeys,
    enableDoubleQuotedStringLiterals: true,
    timeout: 5000,
  });
  return {
    run: (...statements) => {
      for (const statement of statements) handle.exec(statement);
    },
    ...reader(handle),
    close: () => {
      handle.close();
    },
  };
}

/** The same, through the `sqlite3` of this machine, which is years older than ours. */
export function openCommandLine(path: string): Business {
  const run = (...statements: string[]): void => {
    execFileSync('sqlite3', ['-bail', path], { input: `${statements.join(';\n')};\n`, stdio: 'pipe' });
  };
  const handle = new DatabaseSync(path);
  return {
    run,
    ...reader(handle),
    close: () => {
      handle.close();
    },
  };
}

function reader(handle: DatabaseSyncInstance): Pick<Business, 'rows' | 'query'> {
  const statements = new Map<string, ReturnType<DatabaseSyncInstance['prepare']>>();
  const query = (sql: string): string[] => {
    const statement = statements.get(sql) ?? handle.prepare(sql);
    statements.set(sql, statement);
    statement.setReturnArrays(true);
    const found: readonly unknown[] = statement.all();
    return found.map((row) => (Array.isArray(row) ? row.join(' ') : ''));
  };
  return { query, rows: (table, columns) => query(rowQuery(table, columns)).sort() };
}

function rowQuery(table: string, columns: readonly string[]): string {
  const texts = columns.map((column) => {
    const name = quoted(column);
    return `CASE WHEN typeof(${name}) = 'text' AND instr(${name}, char(0)) THEN 'text ' || hex(${name}) ELSE quote(${name}) END`;
  });
  return `SELECT ${texts.join(', ')} FROM ${quoted(table)}`;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
