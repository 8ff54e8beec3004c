import { mkdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestSchema, sinceOf, type Manifest } from '../batch/manifest';
import {
  batchesIn,
  batchFile,
  isMissing,
  keepNames,
  namesIn,
  numbersIn,
  putAside,
} from '../transport/batch-files';
import {
  finalName,
  inboxFolder,
  manifestFile,
  parseFinalName,
  parseNumber,
  roundFolder,
} from '../transport/names';

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

  /**
   * Takes the received batches of a site from `first` on out of the way, so that it sends them again: also those that
   * can be read, for the site may capture what is in them anew. The last one goes first: cut short, this leaves none
   * without the one before. Resolves to the name that the first has now.
   */
  async putAside(site: number, first: number): Promise<string> {
    let name = '';
    for (const batch of (await this.received(site)).reverse())
      if (batch >= first) name = await putAside(inboxFolder(this.sitesFolder, site, 'batches'), batch);
    return name;
  }

  /** Rounds that a site said it has applied, ascending. */
  acknowledgements(site: number): Promise<number[]> {
    return numbersIn(inboxFolder(this.sitesFolder, site, 'acks'), (name) => parseFinalName('acks', name));
  }

  /** The last round a site said it has applied; 0 for none. */
  async acknowledged(site: number): Promise<number> {
    return (await this.acknowledgements(site)).at(-1) ?? 0;
  }

  /** Those of rounds after this one, which are of a life that the hub has lost. */
  async forgetAcknowledgements(site: number, after: number): Promise<void> {
    for (const round of await this.acknowledgements(site))
      if (round > after) await unlink(this.acknowledgementFile(site, round));
  }

  batchFile(site: number, batch: number): string {
    return batchFile(inboxFolder(this.sitesFolder, site, 'batches'), batch);
  }

  acknowledgementFile(site: number, round: number): string {
    return join(inboxFolder(this.sitesFolder, site, 'acks'), finalName('acks', round));
  }

  manifestFile(round: number): string {
    return join(roundFolder(this.roundsFolder, round), manifestFile);
  }

  /** The last round whose manifest is written; 0 for none. */
  async lastRound(): Promise<number> {
    const rounds = await numbersIn(this.roundsFolder, parseNumber);
    for (const round of rounds.reverse()) if (await this.#isPublished(round)) return round;
    return 0;
  }

  /** Puts on the disk that a round is published: a session that was killed may have named it a moment before that was. */
  async keepName(round: number): Promise<void> {
    await keepNames(roundFolder(this.roundsFolder, round));
  }

  /** The oldest round that a site can still get, with all that follow; 0 for none. */
  async firstRound(): Promise<number> {
    const rounds = await numbersIn(this.roundsFolder, parseNumber);
    const gap = rounds.findLastIndex((round, at) => at > 0 && rounds[at - 1] !== round - 1);
    for (const round of rounds.slice(Math.max(0, gap))) if (await this.#isPublished(round)) return round;
    return 0;
  }

  /** The oldest round that a site may stand at and still go on; 0 where none is published. */
  async reach(): Promise<number> {
    const first = await this.firstRound();
    const manifest = first === 0 ? null : await this.manifest(first).catch(() => null);
    return manifest === null ? Math.max(0, first - 1) : sinceOf(manifest);
  }

  /** Null where it is not there. */
  async manifest(round: number): Promise<Manifest | null> {
    try {
      return manifestSchema.parse(JSON.parse(await readFile(this.manifestFile(round), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Rounds that a site can still get, ascending. */
  async rounds(): Promise<number[]> {
    const [first, rounds] = [await this.firstRound(), await numbersIn(this.roundsFolder, parseNumber)];
    const last = await this.lastRound();
    return rounds.filter((round) => round >= first && round <= last);
  }

  /** Dates a site: one that has never sent anything is known since this. */
  async expect(site: number): Promise<void> {
    await mkdir(join(this.sitesFolder, String(site)), { recursive: true });
  }

  /** When a site last left something here, or was first expected: milliseconds since 1970, UTC; null: it is not expected yet. */
  async heardAt(site: number): Promise<number | null> {
    const [batch, round] = [(await this.received(site)).at(-1), await this.acknowledged(site)];
    const files = [
      batch === undefined ? null : this.batchFile(site, batch),
      round === 0 ? null : this.acknowledgementFile(site, round),
    ].filter((file) => file !== null);
    const times = await Promise.all(
      (files.length > 0 ? files : [join(this.sitesFolder, String(site))]).map(modifiedAt),
    );
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.max(...known);
  }

  async #isPublished(round: number): Promise<boolean> {
    return (await namesIn(roundFolder(this.roundsFolder, round))).includes(manifestFile);
  }
}

async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
