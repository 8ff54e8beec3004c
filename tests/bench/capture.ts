import { join } from 'node:path';
import { countChanges } from '../../src/batch/column-block';
import { openSqlite } from '../../src/database/sqlite/database';
import { Connection } from '../../src/database/sqlite/connection';
import { count, interleaved, perSecond, seconds, type Bench } from './bench';
import { copyMembers, makeDatabase, makeMembers, openDatabase } from './member-table';

export const capture: Bench = {
  name: 'capture',
  measure: async ({ folder, runs, ...context }) => {
    const rows = context.rows / 2;
    const [source, path] = [join(folder, 'source.db'), join(folder, 'capture.db')];
    makeMembers(source, rows);
    makeDatabase(path).close();
    const database = await openSqlite(path);
    await database.prepare({ id: 'bench', role: 'site' });
    const application = openDatabase(path);
    copyMembers(application, source);
    application.close();
    const bare = new Connection(path);
    const expect = (read: number): void => {
      if (read !== rows) throw new Error(`${read} rows read`);
    };
    const pair = await interleaved(
      runs,
      () =>
        seconds(() => {
          let read = 0;
          for (const row of bare.iterate('SELECT * FROM member')) read += row.length > 0 ? 1 : 0;
          expect(read);
        }),
      async () => {
        let read = 0;
        const taken = await seconds(async () => {
          for await (const { block } of database.capture(1, ['member'])) read += countChanges(block);
        });
        expect(read);
        await database.release(1);
        return taken;
      },
    );
    bare.close();
    await database.close();
    return [
      {
        what: `capture, ${count(rows)} changed rows`,
        measured: perSecond(rows, pair.measured),
        floor: `select by the same package: ${perSecond(rows, pair.floor)}`,
        ratio: 1 / pair.ratio,
        goal: 'at least 0.6',
        met: 1 / pair.ratio >= 0.6,
      },
    ];
  },
};
