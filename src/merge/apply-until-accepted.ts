import type { MergeTransaction, Unseen, Violation } from '../database/port';
import { SyncError } from '../shared/errors';

/** Each attempt settles at least one change for good; this many say that something is wrong with us. */
const MAX_ATTEMPTS = 10_000;

/**
 * Applies again and again, settling what the database refuses, until it refuses nothing. `settle` resolves to whether
 * the change was put aside; otherwise other faults of the same change are settled too.
 */
export async function applyUntilAccepted(
  transaction: MergeTransaction,
  unseen: Unseen,
  settle: (violation: Violation) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const violations = await transaction.apply(unseen);
    if (violations.length === 0) return;
    // A row can be at fault with several tables at once, and is settled once.
    const settled = new Set<string>();
    for (const violation of violations) {
      const row = `${String(violation.change.id)} ${violation.change.table}`;
      if (settled.has(row)) continue;
      if (await settle(violation)) settled.add(row);
    }
  }
  throw new SyncError('merge.unsettled');
}
