import type { TableProof } from '../merge/proof';
import type { StepHandle } from './session';

/** What rounds proved of each table, for the report. */
export class Proofs {
  readonly #tables = new Map<string, TableProof>();

  /** Of one round; those of a later one hold for how many rows there are. */
  add(proofs: readonly TableProof[]): void {
    for (const proof of proofs) {
      const before = this.#tables.get(proof.table);
      const rows = proof.rows + (before?.rows ?? 0);
      const different = proof.different + (before?.different ?? 0);
      this.#tables.set(proof.table, { ...proof, rows, different });
    }
  }

  tell(handle: Pick<StepHandle, 'info' | 'warn'>): void {
    for (const { table, rows, different, totals } of this.#tables.values()) {
      if (different > 0) handle.warn('session.proof.rowsDiffer', { table, count: different });
      if (totals !== null && totals.here !== totals.hub) {
        handle.warn('session.proof.totalDiffers', { table, ...totals });
      } else if (rows > 0 && different === 0) {
        if (totals === null) handle.info('session.proof.rows', { table, count: rows });
        else handle.info('session.proof.whole', { table, count: rows, total: totals.here });
      }
    }
  }
}
