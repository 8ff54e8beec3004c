import type { Value } from '../../batch/block';
import type { Contested, StagedChange, Unseen } from '../port';
import { groupLines, newsOf, unknownPast, type UnseenLine } from '../log-lines';
import type { Connection } from './connection';
import { asNumber, asText } from './connection';
import { logOf, quote } from './names';
import type { Staged, Staging } from './staging';
import { beforeNames, keyColumns, keyNames, listOf, sameKey } from './log-sql';

/**
 * Condition on a log line `l` that the author of the staged changes has not seen it. At the hub that is what others
 * made, and the hub's answers to the author: a line that answers a site (its `base` names the site) is news to that
 * site only. At a site, lines that ask the hub for a row are no change of their own, unless `asksToo`: then the row
 * is not what the hub has, which is what counts.
 */
export function unseenCondition(unseen: Unseen, asksToo: boolean): string {
  const later = unseen.at === 'replay' ? '' : ` OR ${laterThan(lastSeen(unseen))}`;
  return `(${PENDING}${later}) AND ${isNews(unseen, asksToo)}`;
}

const PENDING = 'l.sent_in IS NULL';
const laterThan = (last: number | string): string => `l.sent_in > ${last}`;

const lastSeen = (unseen: Exclude<Unseen, { at: 'replay' }>): number =>
  unseen.at === 'hub' ? unseen.base : unseen.included;

function isNews(unseen: Unseen, asksToo: boolean): string {
  if (unseen.at === 'hub')
    return `${byOthers(unseen)} AND (l.op <> 'R' OR l.base = ${String(unseen.author)})`;
  return unseen.at === 'site' && asksToo ? '1' : `l.op <> 'R'`;
}

const byOthers = ({ author, lostFrom }: Extract<Unseen, { at: 'hub' }>): string =>
  lostFrom === undefined
    ? `l.origin <> ${String(author)}`
    : `(l.origin <> ${String(author)} OR l.sent_in IS NULL OR l.sent_in >= ${String(lostFrom)})`;

/**
 * Staged changes whose key has log lines that their author has not seen. What these come to is noted with the staged
 * change, questions included, for the answer that the hub logs.
 */
export function findContested(connection: Connection, staging: Staging, unseen: Unseen): Contested[] {
  return staging.tables.flatMap((staged) => contestedIn(connection, staging, staged, unseen));
}

function contestedIn(connection: Connection, staging: Staging, staged: Staged, unseen: Unseen): Contested[] {
  const contested: Contested[] = [];
  for (const [id, lines] of unseenLines(connection, staged, unseen)) {
    const change = staging.read(staged, id);
    const here = newsOf(lines, change.current !== null, staged.columns.length);
    if (here === null) continue;
    staging.noteNews(staged, id, here);
    if (change.op === 'R') continue;
    const removed = removedRow(connection, staged, change);
    contested.push(removed === null ? { change, here } : { change, here, removed });
  }
  if (unseen.at !== 'hub') return contested;
  const met = new Set(contested.map(({ change }) => change.id));
  for (const id of resentIds(connection, staged).filter((resent) => !met.has(resent))) {
    const change = staging.read(staged, id);
    const here = unknownPast(staged.columns.length);
    staging.noteNews(staged, id, here);
    contested.push({ change, here });
  }
  return contested;
}

/** The last word of the log on a row that is gone, where the change counts on it. */
function removedRow(
  connection: Connection,
  { table, name, keys }: Staged,
  { id, current, adds }: StagedChange,
): readonly Value[] | null {
  if (current !== null || adds === undefined) return null;
  return connection.first(
    `SELECT ${listOf('l', [...keyNames(table), ...beforeNames(table)])} FROM ${name} AS s ` +
      `CROSS JOIN ${quote(logOf(table.name))} AS l ON ${sameKey(table, 'l', keyNames(table), 's', keys)} ` +
      `WHERE s.id = ? AND l.op = 'D' ORDER BY l.seq DESC LIMIT 1`,
    id,
  );
}

/** Changes of rows that are there, by someone who does not know what has become of them: `base` 0. */
const resentIds = (connection: Connection, { table, name, keys }: Staged): number[] =>
  connection
    .all(
      `SELECT s.id FROM ${name} AS s CROSS JOIN ${quote(table.name)} AS t ` +
        `ON ${sameKey(table, 't', keyColumns(table), 's', keys)} WHERE s.base = 0 AND s.op <> 'R' ORDER BY s.id`,
    )
    .map(([id]) => asNumber(id));

/** By staged change, the lines its author has not seen, in their order. */
function unseenLines(
  connection: Connection,
  staged: Staged,
  unseen: Unseen,
): ReadonlyMap<number, readonly UnseenLine[]> {
  const queries = [pendingLines(connection, staged, unseen), laterLines(connection, staged, unseen)];
  const some = queries.filter((query) => query !== null);
  if (some.length === 0) return new Map();
  const rows = connection.all(`${some.join(' UNION ALL ')} ORDER BY 1, 2`);
  return groupLines(
    rows.map(([id, , op, marks, changedAt, origin, sentIn]) => ({
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

/** Asks for each staged key: what is pending from other sites may be far more. Null where nothing is pending. */
function pendingLines(connection: Connection, staged: Staged, unseen: Unseen): string | null {
  const [log, condition] = [logName(staged), `${PENDING} AND ${isNews(unseen, false)}`];
  if (isEmpty(connection, log, condition)) return null;
  return `SELECT ${LINE} FROM ${staged.name} AS s CROSS JOIN ${log} AS l ON ${sameKeys(staged)} WHERE ${condition}`;
}

/** Looks each line up among the staged keys: they are what has been sent since, which is soon read. Null where there are none. */
function laterLines(connection: Connection, staged: Staged, unseen: Unseen): string | null {
  if (unseen.at === 'replay') return null;
  const [log, news, last] = [logName(staged), isNews(unseen, false), String(lastSeen(unseen))];
  const lowest = unseen.at === 'hub' ? lowestBase(connection, staged, unseen.base) : unseen.included;
  if (isEmpty(connection, log, `${laterThan(lowest)} AND ${news}`)) return null;
  indexKeys(connection, staged);
  const exact = unseen.at === 'hub' ? laterThan(`coalesce(s.base, ${last})`) : '1';
  return (
    `SELECT ${LINE} FROM ${log} AS l CROSS JOIN ${staged.name} AS s ON ${sameKeys(staged)} ` +
    `WHERE ${laterThan(lowest)} AND ${exact} AND ${news}`
  );
}

const LINE = 's.id, l.seq, l.op, l.marks, l.changed_at, l.origin, l.sent_in';

const logName = ({ table }: Staged): string => quote(logOf(table.name));

const sameKeys = ({ table, keys }: Staged): string => sameKey(table, 'l', keyNames(table), 's', keys);

const isEmpty = (connection: Connection, log: string, condition: string): boolean =>
  connection.first(`SELECT 1 FROM ${log} AS l WHERE ${condition} LIMIT 1`) === null;

const lowestBase = (connection: Connection, staged: Staged, base: number): number =>
  Math.min(
    base,
    asNumber(connection.first(`SELECT coalesce(min(base), ${String(base)}) FROM ${staged.name}`)?.[0]),
  );

/** Only some transactions need to find staged changes by key. */
export function indexKeys(connection: Connection, staged: Staged): void {
  const index = quote(`staged$keys$${staged.table.name}`);
  const table = quote(`staged$${staged.table.name}`);
  connection.run(`CREATE INDEX IF NOT EXISTS temp.${index} ON ${table} (${staged.keys.join(', ')})`);
}
