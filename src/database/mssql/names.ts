/** Names of what the tracking adds to a database: a schema of its own, and a trigger on each table. */

export const SCHEMA = 'sync';
export const SEQUENCE = 'sync.change_number';
export const STATE = 'sync.state';
export const TABLES = 'sync.tracked';
export const LEDGER = 'sync.ledger';
export const JOURNAL = 'sync.journal';
/** Ranges of generated keys at this place. */
export const RANGES = 'sync.key_range';
/** Who put a row of a conflict back, and when. */
export const RESTORED = 'sync.restored';
/** What came of refused rows of the journal. */
export const REFUSED = 'sync.refused';
/** Questions about rows of tables that are not prepared yet. */
export const QUESTIONS = 'sync.question';

/** Columns declared additive. */
export const ADDITIVE = 'sync.additive';

/** Set for the connections whose writes the triggers leave alone. */
export const CONTEXT_KEY = 'sync';

export const logOf = (id: number): string => `sync.log_${String(id)}`;
export const logIndexOf = (id: number): string => `sent_${String(id)}`;
export const triggerOf = (id: number): string => `sync$${String(id)}`;
export const isOwnTrigger = (name: string): boolean => /^sync\$\d+$/.test(name);

/** An identifier as SQL text. */
export const quote = (name: string): string => `[${name.replaceAll(']', ']]')}]`;

/** A string as SQL text. */
export const literal = (text: string): string => `N'${text.replaceAll("'", "''")}'`;

const DEFAULT_SCHEMA = 'dbo';

/** The port's name of a table: that of its schema goes before it, but for the usual one. Never two tables of one name. */
export const tableName = (schema: string, name: string): string =>
  schema === DEFAULT_SCHEMA ? part(name) : `${part(schema)}.${part(name)}`;

const part = (name: string): string => (/[.[\]]/.test(name) ? quote(name) : name);
