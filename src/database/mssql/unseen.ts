import type { Value } from '../../batch/block';
import type { Contested, StagedChange, Unseen } from '../port';
import { groupLines, newsOf, unknownPast, type UnseenLine } from '../log-lines';
import { readExpression } from './column-type';
import { asNumber, asText, type Connection } from './connection';
import { logOf } from './names';
import { logNumber } from './questions';
import type { Staged } from './staged-row';
import type { Staging } from './staging';
import { beforeNames, keyNames, logSameAsStaged, sameAsStaged } from './table';
import { fromWire } from './values';

/**
 * Staged changes whose key has log lines that their author has not seen. What these come to is noted with the staged
 * change, questions included, for the answer that the hub logs.
 */
export async function findContested(
  connection: Connection,
  staging: Staging,
  unseen: Unseen,
): Promise<Contested[]> {
  const contested: Contested[] = [];
  for (const staged of staging.tables) {
    const lines = await unseenLines(connection, staged, unseen);
    const changes = await staging.read(staged, [...lines.keys()]);
    for (const [id, change] of changes) {
      const here = newsOf(lines.get(id) ?? [], change.current !== null, staged.table.columns.length);
      if (here === null) continue;
      await staging.noteNews(staged, id, here);
      if (change.op === 'R') continue;
      const removed = await removedRow(connection, staged, change);
      contested.push(removed === null ? { change, here } : { change, here, removed });
    }
    if (unseen.at === 'hub') contested.push(...(await resent(connection, staging, staged, contested)));
  }
  return contested;
}

/** The last word of the log on a row that is gone, where the change counts on it. */
async function removedRow(
  connection: Connection,
  { table, name }: Staged,
  { id, current, adds }: StagedChange,
): Promise<readonly Value[] | null> {
  if (current !== null || adds === undefined) return null;
  const columns = [...keyNames(table), ...beforeNames(table)].map((column, at) => {
    const type = table.types[at];
    return type === undefined ? 'NULL' : readExpression(type, `l.${column}`);
  });
  const row = await connection.first(
    `SELECT TOP (1) ${columns.join(', ')} FROM ${logOf(logNumber(table))} AS l ` +
      `JOIN ${name} AS s ON ${logSameAsStaged(table)} ` +
      `WHERE s.id = ${String(id)} AND l.op = 'D' ORDER BY l.seq DESC`,
  );
  return row === null ? null : table.types.map((type, at) => fromWire(type, row[at]));
}

/** Changes of rows that are there, by someone who does not know what has become of them: `base` 0. */
async function resent(
  connection: Connection,
  staging: Staging,
  staged: Staged,
  contested: readonly Contested[],
): Promise<Contested[]> {
  const { table, name } = staged;
  const met = new Set(
    contested.filter(({ change }) => change.table === table.name).map(({ change }) => change.id),
  );
  const rows = await connection.all(
    `SELECT s.id FROM ${name} AS s JOIN ${table.object} AS t ON ${sameAsStaged(table)} ` +
      `WHERE s.base = 0 AND s.op <> 'R' ORDER BY s.id`,
  );
  const ids = rows.map(([id]) => asNumber(id)).filter((id) => !met.has(id));
  const found: Contested[] = [];
  for (const [id, change] of await staging.read(staged, ids)) {
    const here = unknownPast(table.columns.length);
    await staging.noteNews(staged, id, here);
    found.push({ change, here });
  }
  return found;
}

/**
 * Condition on a log line `l` that the author of the staged changes has not seen it. At the hub that is what others
 * made, and the hub's answers to the author: a line that answers a site (its `base` names the site) is news to that
 * site only. At a site, lines that ask the hub for a row are no change of their own.
 */
function unseenCondition(unseen: Unseen, base: string): string {
  if (unseen.at === 'site') {
    return `(l.sent_in IS NULL OR l.sent_in > ${String(unseen.included)}) AND l.op <> 'R'`;
  }
  if (unseen.at === 'replay') return `l.sent_in IS NULL AND l.op <> 'R'`;
  const author = String(unseen.author);
  const own =
    unseen.lostFrom === undefined ? '' : ` OR l.sent_in IS NULL OR l.sent_in >= ${String(unseen.lostFrom)}`;
  return (
    `(l.sent_in IS NULL OR l.sent_in > ${base}) AND (l.origin <> ${author}${own}) ` +
    `AND (l.op <> 'R' OR l.base = ${author})`
  );
}

/** By staged change, the lines its author has not seen, in their order. */
async function unseenLines(
  connection: Connection,
  staged: Staged,
  unseen: Unseen,
): Promise<ReadonlyMap<number, readonly UnseenLine[]>> {
  const log = logOf(logNumber(staged.table));
  const lowest = unseen.at === 'hub' ? await lowestBase(connection, staged, unseen.base) : 0;
  const any = await connection.first(
    `SELECT TOP (1) 1 FROM ${log} AS l WHERE ${unseenCondition(unseen, String(lowest))}`,
  );
  if (any === null) return new Map();
  const exact = unseen.at === 'hub' ? `COALESCE(s.base, ${String(unseen.base)})` : '0';
  const rows = await connection.all(
    `SELECT s.id, l.op, l.marks, l.changed_at, l.origin, l.sent_in FROM ${log} AS l ` +
      `JOIN ${staged.name} AS s ON ${logSameAsStaged(staged.table)} ` +
      `WHERE ${unseenCondition(unseen, exact)} ORDER BY s.id, l.seq`,
  );
  return groupLines(
    rows.map(([id, op, marks, changedAt, origin, sentIn]) => ({
      id: asNumber(id),
      line: {
        op: asText(op),
        marks: asText(marks),
        changedAt: asNumber(changedAt),
        origin: asNumber(origin),
        sentIn: sentIn === null ? null : asNumber(sentIn),
      },
    })),
  );
}

async function lowestBase(connection: Connection, staged: Staged, base: number): Promise<number> {
  const row = await connection.first(`SELECT MIN(base) FROM ${staged.name}`);
  return row?.[0] === null || row === null ? base : Math.min(base, asNumber(row[0]));
}
