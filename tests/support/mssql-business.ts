import { randomBytes } from 'node:crypto';
import sql from 'mssql';

/** The company's own application on SQL Server: a connection of its own, with no knowledge of ours. */
export interface MssqlBusiness {
  /** Address of the database, for the product. */
  readonly address: string;
  readonly name: string;
  run(...statements: string[]): Promise<void>;
  /** Rows as arrays, as the driver gives them. */
  query(query: string): Promise<readonly (readonly unknown[])[]>;
  bulk(table: sql.Table): Promise<void>;
  close(): Promise<void>;
  /** Closes, and drops the database. */
  drop(): Promise<void>;
}

/** Address of the server that the tests may make databases on, `mssql://user:password@host:port/master?options`. */
export const serverAddress = process.env['MSSQL_URL'] ?? null;

/** A new, empty database on the server that MSSQL_URL names. */
export async function makeMssqlDatabase(): Promise<MssqlBusiness> {
  if (serverAddress === null) throw new Error('MSSQL_URL is not set');
  const name = `sync_test_${randomBytes(6).toString('hex')}`;
  const master = await connectTo(serverAddress);
  await master.run(`CREATE DATABASE ${name}`);
  const address = serverAddress.replace(/\/[^/?]*(\?.*)?$/, `/${name}$1`);
  const business = await connectTo(address);
  return {
    ...business,
    address,
    name,
    drop: async () => {
      await business.close();
      await onceFree(() => master.run(`DROP DATABASE ${name}`));
      await master.close();
    },
  };
}

/** Writes that no trigger of ours notes, as a tool that goes around them would. */
export async function behindTheBack(business: MssqlBusiness, ...statements: string[]): Promise<void> {
  await business.run("EXEC sp_set_session_context N'sync', 1");
  await business.run(...statements).finally(() => business.run("EXEC sp_set_session_context N'sync', NULL"));
}

/**
 * Keeps the rows of these tables, parents first, and of the tracking, as a backup would, for as long as this connection
 * lasts. The answer puts all of them back as they are now.
 */
export async function backUp(
  business: MssqlBusiness,
  tables: readonly string[],
): Promise<{ restore(): Promise<void> }> {
  const own = await business.query(
    "SELECT t.name FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id WHERE s.name = 'sync'",
  );
  const all = [...tables.map((table) => `dbo.${table}`), ...own.map(([name]) => `sync.${String(name)}`)];
  const kept = (table: string): string => `#kept_${table.replace('.', '_')}`;
  for (const table of all) await business.run(`SELECT * INTO ${kept(table)} FROM ${table}`);
  return {
    restore: () =>
      behindTheBack(
        business,
        ...[...all].reverse().map((table) => `DELETE FROM ${table}`),
        ...all.map((table) => `INSERT INTO ${table} SELECT * FROM ${kept(table)}`),
      ),
  };
}

/** The server sees some time later that a connection was closed, and keeps what it used as long as it has one. */
export async function onceFree(drop: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await drop();
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** One more connection of its own. */
export async function connectTo(
  address: string,
): Promise<Pick<MssqlBusiness, 'run' | 'query' | 'bulk' | 'close'>> {
  const url = new URL(address);
  const pool = new sql.ConnectionPool({
    server: url.hostname,
    port: Number(url.port || 1433),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    arrayRowMode: true,
    requestTimeout: 120_000,
    pool: { min: 0, max: 1, idleTimeoutMillis: 3_600_000 },
    options: {
      encrypt: url.searchParams.get('encrypt') !== 'false',
      trustServerCertificate: url.searchParams.get('trustServerCertificate') === 'true',
    },
  });
  await pool.connect();
  const batch = async (statement: string): Promise<sql.IResult<unknown>> => {
    const request = new sql.Request(pool);
    request.arrayRowMode = true;
    return request.batch(statement);
  };
  return {
    run: async (...statements) => {
      for (const statement of statements) await batch(statement);
    },
    query: async (query) => {
      const rows: unknown = (await batch(query)).recordset;
      return Array.isArray(rows) ? rows.filter((row: unknown): row is unknown[] => Array.isArray(row)) : [];
    },
    bulk: async (table) => {
      await new sql.Request(pool).bulk(table);
    },
    close: async () => {
      await pool.close();
    },
  };
}
