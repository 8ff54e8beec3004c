import { firstRange, rangeAt, usedPart, type KeyRange } from '../key-ranges';
import { holdStill } from './capture';
import { asText, type Connection } from './connection';
import { literal, quote, RANGES } from './names';
import { typeOf, type MssqlTable } from './table';
import { largestOf } from './values';

interface StoredRange {
  readonly first: bigint;
  readonly place: number;
  readonly from: bigint;
  readonly to: bigint;
}

/** A table whose keys the server counts up one by one. */
type Counted = MssqlTable & { readonly identity: string };

const isCounted = (table: MssqlTable): table is Counted => table.generatedKey && table.countsByOne;

/** Gives every generated key that has none its range at this place (0: the hub), and tells all. */
export async function assignKeyRanges(
  connection: Connection,
  tables: readonly MssqlTable[],
  place: number,
): Promise<KeyRange[]> {
  const ranges: KeyRange[] = [];
  for (const table of tables.filter(isCounted)) {
    const stored = await readRange(connection, table);
    const range = stored?.place === place ? stored : await assign(connection, table, place, stored);
    if (range === null) continue;
    const highest = await highestIn(connection, table, range);
    ranges.push({ ...range, table: table.name, used: usedPart(range.from, range.to, highest) });
  }
  return ranges.map(({ table, from, to, used }) => ({ table, from, to, used }));
}

/**
 * Rows of other places have raised the server's counter out of the range: it is set back. One that is within is left
 * alone, for the application may just be taking a number of it.
 */
export async function keepInRange(connection: Connection, tables: readonly MssqlTable[]): Promise<void> {
  for (const table of tables.filter(isCounted)) {
    const range = await readRange(connection, table);
    if (range !== null && !(await countsWithin(connection, table, range)))
      await reseed(connection, table, range);
  }
}

/**
 * Keys of another place raise the server's counter until `keepInRange` sets it back. Nobody may be given a number
 * meanwhile: where the highest that comes (SQL) does so, nobody else writes into the table for the rest of the
 * transaction under way.
 */
export async function holdCounter(connection: Connection, table: MssqlTable, highest: string): Promise<void> {
  if (!isCounted(table) || (await readRange(connection, table)) === null) return;
  const raised = await connection.first(
    `SELECT 1 WHERE (${highest}) > IDENT_CURRENT(${literal(table.object)})`,
  );
  if (raised !== null) await holdStill(connection, table);
}

async function countsWithin(
  connection: Connection,
  { object }: Counted,
  { from, to }: StoredRange,
): Promise<boolean> {
  const row = await connection.first(
    `SELECT CASE WHEN IDENT_CURRENT(${literal(object)}) BETWEEN ${String(from)} AND ${String(to)} THEN 1 ELSE 0 END`,
  );
  return asText(row?.[0]) === '1';
}

async function assign(
  connection: Connection,
  table: Counted,
  place: number,
  before: StoredRange | null,
): Promise<StoredRange | null> {
  const largest = largestOf(typeOf(table, table.identity)) ?? 0n;
  const row = await connection.first(
    `SELECT COALESCE(MAX(${quote(table.identity)}), 0) FROM ${table.object}`,
  );
  const first = before?.first ?? firstRange(BigInt(asText(row?.[0])), largest);
  const range = first === null ? null : rangeAt(place, first, largest);
  if (first === null || range === null) return null;
  const numbers = [first, BigInt(place), range.from, range.to].map(String);
  await connection.givingWay(async () => {
    await connection.run(
      `DELETE FROM ${RANGES} WHERE name = ${literal(table.name)}; ` +
        `INSERT INTO ${RANGES} (name, first_value, place, from_value, to_value) ` +
        `VALUES (${literal(table.name)}, ${numbers.join(', ')})`,
    );
    await reseed(connection, table, range);
  });
  return { first, place, ...range };
}

async function reseed(
  connection: Connection,
  table: Counted,
  range: Pick<StoredRange, 'from' | 'to'>,
): Promise<void> {
  const highest = (await highestIn(connection, table, range)) ?? range.from;
  await connection.run(`DBCC CHECKIDENT ('${plainName(table)}', RESEED, ${String(highest)})`);
}

/** As DBCC likes it best: brackets only where they are needed. */
const plainName = ({ schema, object }: MssqlTable): string =>
  (/^[[\w\].]+$/.test(object) && /^\w+$/.test(schema) ? object.replace(/[[\]]/g, '') : object).replaceAll(
    "'",
    "''",
  );

async function highestIn(
  connection: Connection,
  { object, identity }: Counted,
  { from, to }: Pick<StoredRange, 'from' | 'to'>,
): Promise<bigint | null> {
  const column = quote(identity);
  const row = await connection.first(
    `SELECT MAX(${column}) FROM ${object} WHERE ${column} BETWEEN ${String(from)} AND ${String(to)}`,
  );
  return row?.[0] === null || row === null ? null : BigInt(asText(row[0]));
}

async function readRange(connection: Connection, { name }: MssqlTable): Promise<StoredRange | null> {
  const row = await connection.first(
    `SELECT first_value, place, from_value, to_value FROM ${RANGES} WHERE name = ${literal(name)}`,
  );
  if (row === null) return null;
  const [first, place, from, to] = row.map((value) => BigInt(asText(value)));
  return { first: first ?? 0n, place: Number(place), from: from ?? 0n, to: to ?? 0n };
}
