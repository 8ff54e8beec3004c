import { join } from 'node:path';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { openSqlite } from '../../src/database/sqlite/database';
import { count, interleaved, seconds, time, type Bench, type Figure } from './bench';
import { memberRows } from './member-rows';
import { copyMembers, INSERT_MEMBER, makeDatabase, makeMembers, MEMBER, openDatabase } from './member-table';

const UNIQUE = `${MEMBER}; CREATE UNIQUE INDEX badge ON member (last_name, first_name, updated_at)`;
/** Each of these waits for the disk. */
const COMMITS = 500;

/** What the company's own application pays for its changes being noted: the same inserts with triggers and without. */
export const tracking: Bench = {
  name: 'tracking',
  measure: async ({ folder, runs, rows: most }) => {
    const rows = most / 10;
    const source = join(folder, 'source.db');
    makeMembers(source, rows);
    const all = [...memberRows(rows)];
    const insertAll = (database: DatabaseSyncInstance, some = all): void => {
      const insert = database.prepare(INSERT_MEMBER);
      for (const row of some) insert.run(...row);
    };
    const works = [
      {
        what: `${count(rows)} inserts one by one, one transaction`,
        work: (database: DatabaseSyncInstance) => {
          database.exec('BEGIN');
          insertAll(database);
          database.exec('COMMIT');
        },
      },
      {
        what: `${count(rows)} inserts in bulk`,
        work: (database: DatabaseSyncInstance) => copyMembers(database, source),
      },
      {
        what: `${count(COMMITS)} inserts, each in a transaction of its own`,
        work: (database: DatabaseSyncInstance) => insertAll(database, all.slice(0, COMMITS)),
      },
    ];
    const figures: Figure[] = [];
    for (const [schema, table] of [
      [MEMBER, ''],
      [UNIQUE, ', a unique index'],
    ] as const) {
      for (const { what, work } of works) {
        const pair = await interleaved(
          runs,
          () => timed(makeDatabase(join(folder, 'bare.db'), schema), work),
          async () => {
            const path = join(folder, 'tracked.db');
            makeDatabase(path, schema).close();
            const database = await openSqlite(path);
            await database.prepare({ id: 'bench', role: 'site' });
            await database.close();
            return timed(openDatabase(path), work);
          },
        );
        figures.push({
          what: `cost of tracking: ${what}${table}`,
          measured: time(pair.measured),
          floor: `without triggers: ${time(pair.floor)}`,
          ratio: pair.ratio,
          goal: 'at most 1.5',
          met: pair.ratio <= 1.5,
        });
      }
    }
    return figures;
  },
};

async function timed(
  database: DatabaseSyncInstance,
  work: (database: DatabaseSyncInstance) => void,
): Promise<number> {
  const taken = await seconds(() => work(database));
  database.close();
  return taken;
}
