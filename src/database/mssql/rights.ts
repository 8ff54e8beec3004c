import type { MissingRight } from '../port';
import { asText, type Connection } from './connection';
import { literal, SCHEMA } from './names';
import type { MssqlTable } from './table';

interface Needed {
  readonly object: string;
  readonly securable: string;
  readonly kind: 'OBJECT' | 'SCHEMA';
  readonly right: string;
}

/**
 * Rights that a session needs and this account has not. ALTER on a table is what SQL Server asks for to write rows
 * with their own identity, to set its counter and to keep its business triggers from firing.
 */
export async function missingRights(
  connection: Connection,
  tables: readonly MssqlTable[],
): Promise<MissingRight[]> {
  const needed: Needed[] = tables.flatMap((table) =>
    rightsOn(table).map((right) => ({
      object: table.name,
      securable: table.object,
      kind: 'OBJECT' as const,
      right,
    })),
  );
  const own = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((right) => ({
    object: SCHEMA,
    securable: SCHEMA,
    kind: 'SCHEMA' as const,
    right,
  }));
  const missing: MissingRight[] = [];
  const all = [...needed, ...own];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const some = all.slice(from, from + AT_ONCE);
    const questions = some.map(
      ({ securable, kind, right }, at) =>
        `SELECT ${String(at)} AS number, HAS_PERMS_BY_NAME(${literal(securable)}, '${kind}', '${right}') AS held`,
    );
    const rows = await connection.all(questions.join(' UNION ALL '));
    for (const [number, held] of rows) {
      const asked = some[Number(number)];
      if (asText(held) === '0' && asked !== undefined)
        missing.push({ right: asked.right, object: asked.object });
    }
  }
  return missing;
}

const AT_ONCE = 100;

function rightsOn(table: MssqlTable): string[] {
  const altered = table.identity !== null || table.businessTriggers.length > 0;
  return ['SELECT', 'INSERT', 'UPDATE', 'DELETE', ...(altered ? ['ALTER'] : [])];
}
