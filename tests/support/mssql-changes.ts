/** Changes of a database on SQL Server, laid ready and read back, for tests of what is its own. */
import type { Block, Change, Value } from '../../src/batch/block';
import type { Database, MergeTransaction, Unseen } from '../../src/database/port';

export const AT_SITE: Unseen = { at: 'site', included: 0 };

export function change(op: Change['op'], marks: string, ...values: Value[]): Change {
  return { op, marks, changedAt: 1_750_000_000_000, base: null, values };
}

export async function* streamOf(...blocks: readonly Block[]): AsyncGenerator<Block> {
  for (const block of blocks) yield await Promise.resolve(block);
}

export const textOf = (value: Value): string => {
  if (typeof value === 'string') return `'${value}'`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
};

/** Captures; each change as `op marks values`. */
export async function capturedFrom(database: Database, number: number): Promise<string[]> {
  const { tables } = await database.catalogue();
  const found: string[] = [];
  const names = tables.map(({ name }) => name);
  for await (const { block } of database.capture(number, names)) {
    found.push(
      ...block.changes.map(({ op, marks, values }) => [op, marks, ...values.map(textOf)].join(' ').trim()),
    );
  }
  return found.sort();
}

/** Lays changes of one table ready. */
export async function stageIn(
  database: Database,
  table: string,
  ...staged: readonly Change[]
): Promise<void> {
  const found = (await database.catalogue()).tables.find(({ name }) => name === table);
  if (found === undefined) throw new Error(table);
  const { columns, keyCount } = found;
  await database.stage(streamOf({ table, columns, keyCount, changes: staged }), { clockOffset: 0 });
}

/** Each as `kind reason values`. */
export const violationsIn = async (transaction: MergeTransaction, unseen = AT_SITE): Promise<string[]> =>
  (await transaction.apply(unseen)).map((violation) =>
    [
      violation.kind,
      violation.kind === 'refused' ? violation.reason : '',
      ...violation.change.values.map(textOf),
    ].join(' '),
  );
