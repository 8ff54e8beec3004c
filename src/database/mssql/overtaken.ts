import { SyncError } from '../../shared/errors';
import { asText, type Connection } from './connection';
import { logOf } from './names';
import { logNumber } from './questions';
import type { Staged } from './staged-row';
import type { Staging } from './staging';
import { logSameAsStaged } from './table';

/** A staged table as it was looked at: rows up to this one, and lines of the application about them. */
interface Look {
  readonly lastId: number;
  readonly lines: ReadonlySet<string>;
}

/** Changes that the application, which nothing stops, has not had carried off yet. */
const PENDING = "l.sent_in IS NULL AND l.origin = 0 AND l.op <> 'R'";

/**
 * Between the look at a row and its being written the application may change it, and would be written over unseen. Once
 * it is written nobody else can: what happened before has left a line in the log.
 */
export class Overtaken {
  readonly #connection: Connection;
  readonly #staging: Staging;
  #looks: ReadonlyMap<Staged, Look> | null = null;

  constructor(connection: Connection, staging: Staging) {
    this.#connection = connection;
    this.#staging = staging;
  }

  /** To be called before any row is judged; only the first time counts. */
  async look(): Promise<void> {
    if (this.#looks !== null) return;
    const looks = new Map<Staged, Look>();
    for (const staged of this.#staging.tables)
      looks.set(staged, { lastId: staged.lastId, lines: new Set(await this.#lines(staged, '')) });
    this.#looks = looks;
  }

  /** To be called once rows are written. Rejects with `database.busy` where one was changed since the look. */
  async refuse(): Promise<void> {
    for (const [staged, { lastId, lines }] of this.#looks ?? []) {
      // What the hub itself logs of a change has the time of that change.
      const written = ` AND s.writes = 1 AND s.id <= ${String(lastId)} AND l.changed_at <> s.changed_at`;
      const since = (await this.#lines(staged, written)).filter((line) => !lines.has(line));
      if (since.length > 0) throw new SyncError('database.busy', { retryable: true });
    }
  }

  async #lines({ table, name }: Staged, condition: string): Promise<string[]> {
    const log = `${logOf(logNumber(table))} AS l`;
    // Nearly always there is none, which is soon known.
    if ((await this.#connection.first(`SELECT TOP (1) 1 FROM ${log} WHERE ${PENDING}`)) === null) return [];
    const rows = await this.#connection.all(
      `SELECT l.seq FROM ${log} JOIN ${name} AS s ON ${logSameAsStaged(table)} WHERE ${PENDING}${condition}`,
    );
    return rows.map(([seq]) => asText(seq));
  }
}
