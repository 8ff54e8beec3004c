import sql from 'mssql';
import { BLOCK_CHANGES, type Block, type Value } from '../../src/batch/block';
import { openMssql } from '../../src/database/mssql/database';
import type { Database } from '../../src/database/port';
import { makeMssqlDatabase, serverAddress, type MssqlBusiness } from '../support/mssql-business';
import { streamOf } from './apply';
import { count, perSecond, seconds, type Bench, type Figure } from './bench';
import { memberRows } from './member-rows';

const COLUMNS =
  'id bigint NOT NULL, last_name nvarchar(40), first_name nvarchar(40), city nvarchar(40), points bigint, ' +
  'balance nvarchar(20), birth_date nvarchar(20), updated_at nvarchar(30)';

/** Needs a server (`MSSQL_URL`): changed rows out of one database on it and into another, beside a bare bulk load. */
export const mssql: Bench = {
  name: 'mssql',
  measure: ({ rows }) => (serverAddress === null ? Promise.resolve([]) : measure(rows / 10)),
};

async function measure(rows: number): Promise<Figure[]> {
  const from = await makeMssqlDatabase();
  const to = await makeMssqlDatabase();
  const source = await openMssql(from.address);
  const target = await openMssql(to.address);
  try {
    await from.run(`CREATE TABLE bare (${COLUMNS})`);
    const all = [...memberRows(rows)];
    const bulk = await seconds(() => bulkLoad(from, all));
    for (const [business, database] of [
      [from, source],
      [to, target],
    ] as const) {
      await business.run(`CREATE TABLE member (${COLUMNS}, PRIMARY KEY (id))`);
      await database.prepare({ id: business.name, role: 'site' });
    }
    await from.run('INSERT INTO member SELECT * FROM bare');
    const blocks: Block[] = [];
    const read = await seconds(async () => {
      for await (const { block } of source.capture(1, ['member'])) blocks.push(block);
    });
    const applied = await seconds(() => apply(target, blocks));
    const [[arrived] = []] = await to.query('SELECT COUNT(*) FROM member');
    if (arrived !== rows) throw new Error(`${String(arrived)} rows arrived`);
    const figure = (what: string, taken: number): Figure => ({
      what: `SQL Server: ${what}, ${count(rows)} rows`,
      measured: perSecond(rows, taken),
      floor: `bulk load into a bare table: ${perSecond(rows, bulk)}`,
      ratio: bulk / taken,
      goal: '–',
      met: true,
    });
    return [figure('capture', read), figure('apply, staging included', applied)];
  } finally {
    await source.close();
    await target.close();
    await from.drop();
    await to.drop();
  }
}

async function bulkLoad(business: MssqlBusiness, rows: readonly (readonly Value[])[]): Promise<void> {
  for (let at = 0; at < rows.length; at += BLOCK_CHANGES) {
    const table = new sql.Table('bare');
    const types = [sql.BigInt(), ...[40, 40, 40].map((width) => sql.NVarChar(width)), sql.BigInt()];
    const names = ['id', 'last_name', 'first_name', 'city', 'points', 'balance', 'birth_date', 'updated_at'];
    const all = [...types, sql.NVarChar(20), sql.NVarChar(20), sql.NVarChar(30)];
    names.forEach((name, index) => table.columns.add(name, all[index] ?? sql.BigInt(), { nullable: true }));
    for (const row of rows.slice(at, at + BLOCK_CHANGES)) {
      table.rows.push(row.map((value) => (value instanceof Uint8Array ? null : value)) as sql.IRow);
    }
    await business.bulk(table);
  }
}

async function apply(database: Database, blocks: readonly Block[]): Promise<void> {
  await database.stage(streamOf(blocks), { clockOffset: 0 });
  await database.transaction((transaction) => transaction.apply({ at: 'site', included: 0 }));
}
