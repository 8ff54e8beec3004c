import { execFileSync } from 'node:child_process';
import { openBusiness, openCommandLine } from '../support/business';
import { databaseContract } from './database';
import { recoveryContract } from './recovery';
import { makeSqliteFixture } from './sqlite-fixture';

databaseContract('SQLite', () => makeSqliteFixture(openBusiness));
recoveryContract('SQLite', () => makeSqliteFixture(openBusiness));

// The triggers run in the application's own SQLite: here one that is years older than ours.
if (hasCommandLine())
  databaseContract('SQLite written by its command line', () => makeSqliteFixture(openCommandLine));

function hasCommandLine(): boolean {
  try {
    execFileSync('sqlite3', ['--version']);
    return true;
  } catch {
    return false;
  }
}
