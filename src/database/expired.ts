/** What a database may forget. What is pending, in a batch or a round that somebody still needs, is never part of it. */
export interface Expired {
  /**
   * Changes in batches (site) or rounds (hub) up to this one. At the hub also the ledger's lines of what these rounds
   * published, but for the last line of each site. 0: none.
   */
  readonly upTo: number;
  /** Tables whose changes are kept all the same. */
  readonly except: readonly string[];
  /**
   * Conflicts noted before this instant, milliseconds since 1970, UTC. A row that the database refused is kept as long as
   * it waits for somebody.
   */
  readonly conflictsBefore: number;
}

/** Log lines that one transaction removes: the company's application waits for no more than these. */
export const LINES_AT_ONCE = 2000;
