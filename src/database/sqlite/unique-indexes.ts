import type { Connection } from './connection';
import { asText } from './connection';

/** One term of a unique index: a column, or an expression as the index was declared with it. */
export type UniqueTerm = { readonly collation: string } & (
  { readonly column: string } | { readonly expression: string }
);

/** Unique indexes of a table beside its key. Those on a part of the table are there too, as if they were on all of it. */
export function readUniques(connection: Connection, table: string): UniqueTerm[][] {
  return connection
    .all('SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND origin <> \'pk\' ORDER BY name', table)
    .flatMap(([index]) => {
      const terms = readTerms(connection, asText(index));
      return terms === null ? [] : [terms];
    });
}

/** The columns of an index with their collating sequences; an expression has no name. */
export function indexColumns(
  connection: Connection,
  index: string,
): { readonly column: string | null; readonly collation: string }[] {
  return connection
    .all('SELECT name, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno', index)
    .map(([column, collation]) => ({
      column: column === null ? null : asText(column),
      collation: asText(collation),
    }));
}

function readTerms(connection: Connection, index: string): UniqueTerm[] | null {
  const columns = indexColumns(connection, index);
  if (columns.every(({ column }) => column !== null)) {
    return columns.map(({ column, collation }) => ({ column: column ?? '', collation }));
  }
  const sql = connection.first("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?", index)?.[0];
  const texts = declaredTerms(asText(sql));
  if (texts.length !== columns.length) return null;
  return columns.map(({ column, collation }, at) =>
    column === null ? { expression: texts[at] ?? '', collation } : { column, collation },
  );
}

/** A quoted name or string, a comment, or any other character. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?\*\/|[^]/g;

/** What stands between the first parentheses of a CREATE INDEX, cut at its commas, without ASC and DESC. */
export function declaredTerms(sql: string): string[] {
  const terms: string[] = [];
  let term = '';
  let depth = 0;
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token.startsWith('--') || token.startsWith('/*')) continue;
    if (token === ')') depth -= 1;
    if (token === ')' && depth === 0) break;
    if (token === ',' && depth === 1) {
      terms.push(term);
      term = '';
    } else if (depth > 0) term += token;
    if (token === '(') depth += 1;
  }
  return [...terms, term].map((text) => text.trim().replace(/\s+(asc|desc)$/i, ''));
}
