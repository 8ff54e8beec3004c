import type { Value } from '../batch/block';
import { packValues } from '../database/json';
import type { Database, JournalEntry } from '../database/port';

/** More than anybody looks through; so many at most are tried again in one session, the newest. */
const MOST = 10_000;

/** Refused rows that wait, newest first. */
export const waitingOf = (database: Database): Promise<readonly JournalEntry[]> =>
  database.conflicts(MOST, { waiting: true });

/** Which row of which table. */
export const rowId = (table: string, key: readonly Value[]): string => `${table} ${packValues(key)}`;
