/** How the log's lines of one key moved the additive columns, as text that the grouping of lines can join. */
import type { Value } from '../../batch/block';
import { minus } from '../additive';
import type { SqliteTable } from './table';
import { sumNames } from './log-sql';

/**
 * SQL of an aggregate for each additive column: `old new`, pair after pair, of the updates that changed it, and `?` for
 * what is not known: lines of a time when the column was not additive, or values that are no numbers.
 */
export const movesQuery = (table: SqliteTable): string[] =>
  sumNames(table).map(({ at, ...names }) => {
    const [before, after] = [names.old, names.new];
    const numbers = `typeof(${before}) IN ('integer', 'real') AND typeof(${after}) IN ('integer', 'real')`;
    return (
      `group_concat(CASE WHEN op <> 'U' OR substr(marks, ${String(at + 1)}, 1) <> '1' THEN NULL ` +
      `WHEN ${numbers} THEN quote(${before}) || ' ' || quote(${after}) ELSE '?' END, '|')`
    );
  });

/** What each of these moves adds; null: not known. */
export const movesOf = (moves: Value): Value[] =>
  typeof moves !== 'string'
    ? []
    : moves.split('|').map((move) => {
        const [before = '', after = ''] = move.split(' ');
        return minus(numberOf(after), numberOf(before));
      });

/** Of a number as SQLite writes it in SQL. */
function numberOf(text: string): Value {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const number = Number(text);
  return text === '' || text === '?' || !Number.isFinite(number) ? null : number;
}
