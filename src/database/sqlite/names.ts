/** Names of what the tracking adds to a database. The dollar sign keeps them apart from a company's own tables. */

export const PREFIX = 'sync$';
export const STATE = 'sync$state';
export const TABLES = 'sync$table';
export const LEDGER = 'sync$ledger';
export const JOURNAL = 'sync$journal';
/** Who put values of the journal back; made with the first of them. */
export const RESTORED = 'sync$restored';
/** What came of refused rows of the journal; made with the first of them. */
export const REFUSED = 'sync$refused';
/** Questions about rows of tables that are not prepared yet. */
export const QUESTIONS = 'sync$question';

export const logOf = (table: string): string => `sync$log$${table}`;
export const logIndexOf = (table: string): string => `sync$sent$${table}`;
/** Rows that the statement under way may replace. */
export const doomedOf = (table: string): string => `sync$doomed$${table}`;
export const doomedIndexOf = (table: string): string => `sync$clash$${table}`;
export const triggerOf = (kind: string, table: string): string => `sync$${kind}$${table}`;

/** An identifier as SQL text. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A string as SQL text. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
