/** Rows that a table would refuse, as far as one can tell before writing any. */
import { spoils } from './column-type';
import { asNumber, type Connection } from './connection';
import type { Found } from './foreign-keys';
import { quote } from './names';
import type { Staged } from './staged-row';
import type { Staging } from './staging';
import { sameAsStaged, stagedValue } from './table';

export async function findRefused(connection: Connection, staging: Staging): Promise<Found[]> {
  const found: Found[] = [];
  for (const staged of staging.tables) {
    const note = async (sql: string, reason: string): Promise<void> => {
      for (const [id] of await connection.all(sql)) {
        if (!found.some((known) => known.staged === staged && known.id === asNumber(id)))
          found.push({ kind: 'refused', reason, staged, id: asNumber(id) });
      }
    };
    for (const [id, reason] of staged.ending) await note(written(staged, id), reason);
    for (const reason of ['tooLong', 'value'] as const) await note(misfits(staged, reason), reason);
    const spoilt = spoiltText(staged);
    if (spoilt !== null) await note(spoilt, 'value');
    for (const unique of staged.table.uniques) await note(clashes(staged, unique), 'unique');
  }
  return found;
}

/** Where a row has faults of both sorts, the text that is too long is the easier one to put right. */
const misfits = ({ name }: Staged, reason: 'tooLong' | 'value'): string =>
  `SELECT s.id FROM ${name} AS s WHERE ${WRITTEN} AND s.misfit_reason = '${reason}'`;

const written = ({ name }: Staged, id: number): string =>
  `SELECT s.id FROM ${name} AS s WHERE ${WRITTEN} AND s.id = ${String(id)}`;

const WRITTEN = "s.writes = 1 AND s.op IN ('I', 'U')";

/** Text that its column cannot hold as it is. */
function spoiltText({ name, table, foreignText }: Staged): string | null {
  if (!foreignText) return null;
  const spoilt = table.types.flatMap((type, at) => spoils(type, `s.c${String(at + 1)}`) ?? []);
  return `SELECT s.id FROM ${name} AS s WHERE ${WRITTEN} AND (${spoilt.join(' OR ')})`;
}

/**
 * Staged rows whose values another row has and keeps, or another staged row brings. To a unique index two nulls are
 * the same.
 */
function clashes({ name, table }: Staged, unique: readonly string[]): string {
  const here = unique.map((column) => `t.${quote(column)}`);
  const own = unique.map((column) => stagedValue(table, column));
  const other = unique.map((column) => stagedValue(table, column, 'o'));
  const nullable = unique.map((column) => table.nullable.has(column));
  const free = `NOT EXISTS (SELECT 1 FROM ${name} AS g WHERE g.writes = 1 AND ${sameAsStaged(table, 't', 'g')})`;
  return (
    `SELECT s.id FROM ${name} AS s WHERE ${WRITTEN} AND (` +
    `EXISTS (SELECT 1 FROM ${table.object} AS t WHERE ${equal(here, own, nullable)} AND ${free}) ` +
    `OR EXISTS (SELECT 1 FROM ${name} AS o WHERE o.writes = 1 AND o.op IN ('I', 'U') AND o.id < s.id AND ${equal(other, own, nullable)}))`
  );
}

const equal = (left: readonly string[], right: readonly string[], nullable: readonly boolean[]): string =>
  left
    .map((value, at) => {
      const other = right[at] ?? 'NULL';
      return nullable[at] === true
        ? `(${value} = ${other} OR (${value} IS NULL AND ${other} IS NULL))`
        : `${value} = ${other}`;
    })
    .join(' AND ');
