import type { Connection } from './connection';
import { databaseError, refusalOf } from './errors';
import { ownIdentity, type Statement } from './write';

/** The server refused a row and ended the transaction with it: which row that is, this one cannot look for any more. */
export class TransactionEnded extends Error {
  readonly reason: string;

  constructor(reason: string, cause: unknown) {
    super('a refused row ended the transaction', { cause });
    this.reason = reason;
  }
}

/**
 * Why the server refuses the statement; null: it does not. Rejects with `TransactionEnded` where that ended the
 * transaction, as some errors do: what is tried after one would be written for good.
 */
export async function refusal(
  connection: Connection,
  { staged, sql }: Statement,
  some = '',
): Promise<string | null> {
  try {
    await connection.run(sql(some));
    return null;
  } catch (error) {
    if (connection.lost) throw databaseError(error);
    if (staged.table.identity !== null) await connection.run(ownIdentity(staged.table, 'OFF'));
    const reason = refusalOf(error, staged.table.checks);
    if (reason === null) throw databaseError(error);
    if (!(await connection.isInTransaction())) throw new TransactionEnded(reason, databaseError(error));
    return reason;
  }
}
