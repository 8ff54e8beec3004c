/** SQL of one table's log and of the trigger that fills it. Pure text. */
import { createHash } from 'node:crypto';
import { differs, isOutOfRow } from './column-type';
import { CONTEXT_KEY, logIndexOf, logOf, quote, SEQUENCE, triggerOf } from './names';
import {
  beforeNames,
  declarationOf,
  keyColumns,
  keyDeclarations,
  keyNames,
  listOf,
  sumNames,
  type MssqlTable,
} from './table';

/** Milliseconds since 1970, UTC. */
export const SQL_NOW = "DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())";

/** Tells whether what is installed is what would be. */
export const definitionOf = (table: MssqlTable, id: number): string =>
  createHash('sha256')
    .update([...logStatements(table, id), triggerStatement(table, id)].join('\n'))
    .digest('hex');

/**
 * No identity column: @@IDENTITY, which old applications read after an insert, would tell its value. No filtered index:
 * it would refuse the writes of connections that have old settings.
 */
export function logStatements(table: MssqlTable, id: number): string[] {
  const columns = [
    `seq bigint NOT NULL DEFAULT (NEXT VALUE FOR ${SEQUENCE}) PRIMARY KEY`,
    'op char(1) NOT NULL',
    'marks varchar(1024) NOT NULL',
    'changed_at bigint NOT NULL',
    'origin int NOT NULL DEFAULT 0',
    'sent_in int NULL',
    'base int NULL',
    // Site, of a question: the batch that may make it needless.
    'until_batch int NULL',
    keyDeclarations(table),
    ...beforeNames(table).map((name, at) => `${name} ${declarationOf(table, table.keyCount + at)} NULL`),
    ...sumNames(table).flatMap((names) =>
      [names.old, names.new].map((name) => `${name} ${declarationOf(table, names.at)} NULL`),
    ),
  ];
  return [
    `CREATE TABLE ${logOf(id)} (${columns.join(', ')})`,
    `CREATE INDEX ${logIndexOf(id)} ON ${logOf(id)} (sent_in)`,
    // The trigger of another owner's table writes by the right of whoever wrote into that.
    ...(table.sharesOwner
      ? []
      : [`GRANT INSERT ON ${logOf(id)} TO public; GRANT UPDATE ON ${SEQUENCE} TO public`]),
  ];
}

/** One for all: whatever the statement was, rows that went, rows that came and rows that did both are told by key. */
export function triggerStatement(table: MssqlTable, id: number): string {
  return (
    `CREATE TRIGGER ${quote(table.schema)}.${quote(triggerOf(id))} ON ${table.object} AFTER INSERT, UPDATE, DELETE AS\n` +
    `BEGIN\n` +
    // A limit that the application set for its own statement would hold here, and no sequence counts under one.
    `SET NOCOUNT ON; SET ROWCOUNT 0;\n` +
    `IF SESSION_CONTEXT(N'${CONTEXT_KEY}') IS NOT NULL RETURN;\n` +
    `DECLARE @now bigint = ${SQL_NOW};\n` +
    `IF EXISTS (SELECT 1 FROM inserted) BEGIN\n${logInserts(table, id)};\n${logUpdates(table, id)};\nEND\n` +
    `IF EXISTS (SELECT 1 FROM deleted) ${logDeletes(table, id)};\n` +
    `END`
  );
}

const sameKey = (table: MssqlTable): string =>
  keyColumns(table)
    .map((column) => `d.${quote(column)} = i.${quote(column)}`)
    .join(' AND ');

const insertInto = (table: MssqlTable, id: number, more: readonly string[] = []): string =>
  `INSERT INTO ${logOf(id)} (${['op', 'marks', 'changed_at', ...keyNames(table), ...more].join(', ')})`;

const logInserts = (table: MssqlTable, id: number): string =>
  `${insertInto(table, id)} SELECT 'I', '${'1'.repeat(table.columns.length)}', @now, ${listOf('i', keyColumns(table))} ` +
  `FROM inserted AS i WHERE NOT EXISTS (SELECT 1 FROM deleted AS d WHERE ${sameKey(table)})`;

/** By value, and the columns that triggers do not see by being named in the statement. */
const logUpdates = (table: MssqlTable, id: number): string => {
  const marks = table.columns.map((column, at) => {
    const type = table.types[at];
    const changed =
      type === undefined || isOutOfRow(type)
        ? `UPDATE(${quote(column)})`
        : differs(type, `d.${quote(column)}`, `i.${quote(column)}`);
    return `CASE WHEN ${changed} THEN '1' ELSE '0' END`;
  });
  const keys = keyColumns(table).map((column, at) => `i.${quote(column)} AS k${String(at + 1)}`);
  const sums = sumNames(table);
  const moved = sums.map((names) => {
    const column = quote(names.column);
    return `d.${column} AS ${names.old}, i.${column} AS ${names.new}`;
  });
  const added = sums.flatMap((names) => [names.old, names.new]);
  const updated = `SELECT ${[`${concat(marks)} AS marks`, ...keys, ...moved].join(', ')} FROM inserted AS i JOIN deleted AS d ON ${sameKey(table)}`;
  return (
    `IF EXISTS (SELECT 1 FROM deleted) ${insertInto(table, id, added)} ` +
    `SELECT 'U', u.marks, @now, ${[...keyNames(table), ...added].join(', ')} FROM (${updated}) AS u WHERE u.marks LIKE '%1%'`
  );
};

const logDeletes = (table: MssqlTable, id: number): string => {
  const kept = beforeNames(table).filter((_, at) => isSeen(table, table.keyCount + at));
  const columns = table.columns.filter((_, at) => at < table.keyCount || isSeen(table, at));
  return (
    `${insertInto(table, id, kept)} SELECT 'D', '', @now, ${listOf('d', columns)} ` +
    `FROM deleted AS d WHERE NOT EXISTS (SELECT 1 FROM inserted AS i WHERE ${sameKey(table)})`
  );
};

function isSeen(table: MssqlTable, at: number): boolean {
  const type = table.types[at];
  return type !== undefined && !isOutOfRow(type);
}

/** The server takes 254 texts at once and parses no deeper than some hundreds. */
export function concat(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0] ?? "''";
  if (parts.length <= MOST_ARGUMENTS) return `CONCAT(${parts.join(', ')})`;
  const groups = Array.from({ length: Math.ceil(parts.length / MOST_ARGUMENTS) }, (_, at) =>
    concat(parts.slice(at * MOST_ARGUMENTS, (at + 1) * MOST_ARGUMENTS)),
  );
  return concat(groups);
}

const MOST_ARGUMENTS = 200;
