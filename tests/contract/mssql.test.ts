import { test } from 'vitest';
import { serverAddress } from '../support/mssql-business';
import { databaseContract } from './database';
import { makeMssqlFixture } from './mssql-fixture';
import { recoveryContract } from './recovery';

if (serverAddress === null) {
  test.skip('the database port on SQL Server: MSSQL_URL names no server', () => undefined);
} else {
  databaseContract('SQL Server', makeMssqlFixture);
  recoveryContract('SQL Server', makeMssqlFixture);
}
