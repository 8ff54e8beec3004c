import sql from 'mssql';
import { BLOCK_CHANGES, type Block, type Value } from '../../src/batch/block';
import { openMssql } from '../../src/database/mssql/database';
import type { Database } from '../../src/database/port';
import { makeMssqlDatabase, type MssqlBusiness } from '../support/mssql-business';
import { memberRows } from './batch-rows';

export interface MssqlFigures {
  readonly rows: number;
  /** Rows a second that a bare bulk load takes into a table with nothing on it: the floor. */
  readonly bulkPerSecond: number;
  readonly readPerSecond: number;
  /** Staging included. */
  readonly appliedPerSecond: number;
}

const COLUMNS =
  'id bigint NOT NULL, last_name nvarchar(40), first_name nvarchar(40), city nvarchar(40), points bigint, ' +
  'balance nvarchar(20), birth_date nvarchar(20), updated_at nvarchar(30)';

/** Changed rows a second out of one database on SQL Server and into another, beside a bare bulk load. */
export async function measureMssql(rows: number): Promise<MssqlFigures> {
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
    const [[count] = []] = await to.query('SELECT COUNT(*) FROM member');
    if (count !== rows) throw new Error(`${String(count)} rows arrived`);
    return {
      rows,
      bulkPerSecond: Math.round(rows / bulk),
      readPerSecond: Math.round(rows / read),
      appliedPerSecond: Math.round(rows / applied),
    };
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

async function* streamOf(blocks: readonly Block[]): AsyncGenerator<Block> {
  for (const block of blocks) yield await Promise.resolve(block);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
