import type { Database } from '../database/port';
import type { HubFolder } from '../session/hub-folder';
import { areRoundsLost } from '../session/lost-rounds';
import type { HubStatus, Snapshot } from '../transport/port';

/** What the runtime itself knows of the moment. */
export type Moment = Pick<HubStatus, 'time' | 'application' | 'session' | 'additive' | 'nextFingerprint'> & {
  readonly site: Pick<HubStatus['site'], 'number' | 'name' | 'waiting'>;
};

/**
 * What a hub tells its sites of its rounds and of their batches. What of it stands in the database is kept here, for the
 * database is open only during a session.
 */
export class HubBulletin {
  readonly #folder: HubFolder;
  #merged: ReadonlyMap<number, number> = new Map();
  #round = 0;
  #firstRound = 0;
  #restarted = 0;
  #lost: number | null = null;
  #roundMarks = '';
  #snapshot: Snapshot | null = null;
  #snapshotRequested = false;

  constructor(folder: HubFolder) {
    this.#folder = folder;
  }

  /** Reads it anew; true where a round was published since. */
  async read(database: Database): Promise<boolean> {
    this.#merged = await database.lastMerged();
    const round = await this.#folder.lastRound();
    const isNew = round > this.#round;
    this.#round = round;
    this.#firstRound = await this.#folder.firstRound();
    const state = await database.state();
    this.#restarted = state?.lostRound ?? 0;
    this.#lost = state !== null && areRoundsLost(state, round) ? state.lastMarked : null;
    this.#roundMarks = state?.roundMarks ?? '';
    return isNew;
  }

  async status({ site, ...moment }: Moment): Promise<HubStatus> {
    const merged = this.#merged.get(site.number) ?? 0;
    return {
      ...moment,
      protocol: 1,
      round: this.#round,
      firstRound: this.#firstRound,
      restarted: this.#restarted,
      ...(this.#lost === null ? {} : { lost: this.#lost }),
      roundMarks: this.#roundMarks,
      snapshot: this.#snapshot,
      site: {
        ...site,
        merged,
        received: (await this.#folder.received(site.number)).filter((batch) => batch > merged),
        acknowledged: await this.#folder.acknowledged(site.number),
      },
    };
  }

  /** The last published round. */
  lastRound(): Promise<number> {
    return this.#folder.lastRound();
  }

  /** A site asks for a snapshot. */
  requestSnapshot(): void {
    this.#snapshotRequested = true;
  }

  /** Whether a site asked for a snapshot and has not been given one. */
  get snapshotRequested(): boolean {
    return this.#snapshotRequested;
  }

  /** Whether the snapshot that is there holds the last round. */
  async hasSnapshot(): Promise<boolean> {
    return this.#snapshot !== null && this.#snapshot.round === (await this.#folder.lastRound());
  }

  /** Sites may fetch this one; null: there is none. */
  offerSnapshot(snapshot: Snapshot | null): void {
    this.#snapshotRequested = false;
    this.#snapshot = snapshot ?? this.#snapshot;
  }
}
