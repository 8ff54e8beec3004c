import type { Connection } from './connection';
import { asText } from './connection';
import type { IndexRow } from './schema-rows';

/** One term of a unique index: a column, or an expression as the index was declared with it. */
export type UniqueTerm = { readonly collation: string } & (
  { readonly column: string } | { readonly expression: string }
);

/** Unique indexes of a table beside its key. Those on a part of the table are there too, as if they were on all of it. */
export const readUniques = (connection: Connection, indexes: readonly IndexRow[]): UniqueTerm[][] =>
  indexes
    .filter(({ isKey }) => !isKey)
    .flatMap((index) => {
      const terms = readTerms(connection, index);
      return terms === null ? [] : [terms];
    });

function readTerms(connection: Connection, { name, terms }: IndexRow): UniqueTerm[] | null {
  if (terms.every(({ column }) => column !== null)) {
    return terms.map(({ column, collation }) => ({ column: column ?? '', collation }));
  }
  const sql = connection.first("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?", name)?.[0];
  const texts = declaredTerms(asText(sql));
  if (texts.length !== terms.length) return null;
  return terms.map(({ column, collation }, at) =>
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
