/** Numbers of the tracking that tell a database from an old copy of it. */

/**
 * Site, while it catches up on a life of its own that it lost: it was restored from an old copy, and its hub knows
 * batches of it that this database does not. A hub that lost one with its folder knows `lostRound` alone. All 0 when
 * that never happened.
 */
export interface LostLife {
  /** The last batch that the copy knew. */
  readonly lostAfter: number;
  /** The last batch of the lost life. */
  readonly lostBatch: number;
  /** The last round published when the copy was noticed; at a hub, the last that a site knows of the lost life. */
  readonly lostRound: number;
}

export interface TrackingNumbers extends LostLife {
  /** Marks of the last rounds applied (site) or published (hub), `round-marks.ts`; '' where they are not known. */
  readonly roundMarks: string;
}

export const NO_NUMBERS: TrackingNumbers = { lostAfter: 0, lostBatch: 0, lostRound: 0, roundMarks: '' };

/** No round has this number: all that a hub's log once held may be gone. */
export const ALL_PURGED = 2 ** 31 - 1;

/** Until every batch of the lost life has come back in a round that this site applied. */
export const isCatchingUp = (
  state: LostLife & { readonly position: number; readonly included: number },
): boolean => state.position < state.lostRound || state.included < state.lostBatch;
