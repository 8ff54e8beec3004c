import { join } from 'node:path';
import type { Block } from '../../src/batch/block';
import { openSqlite } from '../../src/database/sqlite/database';
import { count, interleaved, perSecond, seconds, type Bench } from './bench';
import { blocksOf, memberRows } from './member-rows';
import { INSERT_MEMBER, makeDatabase } from './member-table';

const UPSERT = `${INSERT_MEMBER} ON CONFLICT (id) DO UPDATE SET last_name = excluded.last_name,
  first_name = excluded.first_name, city = excluded.city, points = excluded.points, balance = excluded.balance,
  birth_date = excluded.birth_date, updated_at = excluded.updated_at`;

/** Changes laid ready and written, as at a site, new there. */
export const apply: Bench = {
  name: 'apply',
  measure: async ({ folder, runs, ...context }) => {
    const rows = context.rows / 2;
    const all = [...memberRows(rows)];
    const blocks = blocksOf(all);
    const pair = await interleaved(
      runs,
      async () => {
        const database = makeDatabase(join(folder, 'upserts.db'));
        const taken = await seconds(() => {
          database.exec('BEGIN');
          const upsert = database.prepare(UPSERT);
          for (const row of all) upsert.run(...row);
          database.exec('COMMIT');
        });
        database.close();
        return taken;
      },
      async () => {
        const path = join(folder, 'apply.db');
        makeDatabase(path).close();
        const database = await openSqlite(path);
        await database.prepare({ id: 'bench', role: 'site' });
        const taken = await seconds(async () => {
          await database.stage(streamOf(blocks), { clockOffset: 0 });
          await database.transaction((transaction) => transaction.apply({ at: 'site', included: 0 }));
        });
        await database.close();
        return taken;
      },
    );
    return [
      {
        what: `apply, ${count(rows)} rows`,
        measured: perSecond(rows, pair.measured),
        floor: `prepared upserts in one transaction: ${perSecond(rows, pair.floor)}`,
        ratio: 1 / pair.ratio,
        goal: 'at least 0.7',
        met: 1 / pair.ratio >= 0.7,
      },
    ];
  },
};

export async function* streamOf(blocks: readonly Block[]): AsyncGenerator<Block> {
  for (const block of blocks) yield await Promise.resolve(block);
}
