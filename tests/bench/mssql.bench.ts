/** Needs a server: `MSSQL_URL=… npx vitest bench --run tests/bench/mssql.bench.ts`. */
import { bench } from 'vitest';
import { serverAddress } from '../support/mssql-business';
import { measureMssql } from './mssql-figures';

const ROWS = 100_000;

bench.skipIf(serverAddress === null)(
  `${ROWS} changed rows from one SQL Server to another`,
  async () => {
    console.log(JSON.stringify(await measureMssql(ROWS)));
  },
  { iterations: 1, time: 0, warmupIterations: 0, warmupTime: 0 },
);
