import { batchesIn, namesIn, numbersIn } from '../transport/batch-files';
import { inboxFolder, manifestFile, parseFinalName, parseNumber, roundFolder } from '../transport/names';

export interface HubSite {
  readonly number: number;
  readonly name: string;
}

/** What lies at the hub: batches and acknowledgements of each site, published rounds. */
export class HubFolder {
  constructor(
    readonly sitesFolder: string,
    readonly roundsFolder: string,
  ) {}

  /** Complete batches of a site, ascending. */
  received(site: number): Promise<number[]> {
    return batchesIn(inboxFolder(this.sitesFolder, site, 'batches'));
  }

  /** The last round a site said it has applied; 0 for none. */
  async acknowledged(site: number): Promise<number> {
    const rounds = await numbersIn(inboxFolder(this.sitesFolder, site, 'acks'), (name) =>
      parseFinalName('acks', name),
    );
    return rounds.at(-1) ?? 0;
  }

  /** The last round whose manifest is written; 0 for none. */
  async lastRound(): Promise<number> {
    const rounds = await numbersIn(this.roundsFolder, parseNumber);
    for (const round of rounds.reverse()) {
      const names = await namesIn(roundFolder(this.roundsFolder, round));
      if (names.includes(manifestFile)) return round;
    }
    return 0;
  }
}
