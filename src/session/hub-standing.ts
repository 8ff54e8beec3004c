import type { Database } from '../database/port';
import { SyncError } from '../shared/errors';
import type { HubFolder, HubSite } from './hub-folder';
import type { StepHandle } from './session';

interface Standing {
  readonly sites: readonly HubSite[];
  readonly folder: HubFolder;
}

/** Sites that have not applied the last round: a session that was cut short left them so. */
export async function sitesBehind(
  { sites, folder }: Standing,
  lastMarked: number,
): Promise<ReadonlySet<number>> {
  const behind = new Set<number>();
  for (const { number } of sites) if ((await folder.acknowledged(number)) < lastMarked) behind.add(number);
  return behind;
}

/** Sites with a batch to merge, or with one that was merged in a session that ended before it could publish it. */
export async function sitesWithNews({
  sites,
  folder,
  database,
}: Standing & { readonly database: Database }): Promise<HubSite[]> {
  if (sites.length === 0) return [];
  const merged = await database.lastMerged();
  const unpublished = new Set((await database.ledger('unpublished')).map(({ site }) => site));
  const news: HubSite[] = [];
  for (const site of sites) {
    const received = await folder.received(site.number);
    const unmerged = received.some((batch) => batch > (merged.get(site.number) ?? 0));
    if (unmerged || unpublished.has(site.number)) news.push(site);
  }
  return news;
}

/** A site, and the last round it has applied. */
interface Knowing {
  readonly site: HubSite;
  readonly round: number;
}

/**
 * A site has applied a round that the database does not know (`marked`: the last that it does): this hub is an old
 * copy, database and folder. Rejects with `session.hubBehind` {site, round, known} before anything moves: the site is
 * the one that knows most. Where the user has agreed (`recover`), the hub goes on from here, and remembers how far its
 * lost life went. Resolves to the last round of this life that any site has applied.
 */
export async function settleBehind(
  handle: StepHandle,
  marked: number,
  { database, sites, folder, recover = false }: Standing & HubRecovery,
): Promise<number> {
  let most: Knowing | null = null;
  for (const site of sites) {
    const round = await folder.acknowledged(site.number);
    if (round > (most?.round ?? 0)) most = { site, round };
  }
  if (most === null || most.round <= marked) return most?.round ?? 0;
  const params = { site: most.site.name, round: most.round, known: marked };
  if (!recover) throw new SyncError('session.hubBehind', { params });
  const lostRound = most.round;
  await database.transaction((transaction) => transaction.recordNumbers({ lostRound }));
  for (const { number } of sites) await folder.forgetAcknowledgements(number, marked);
  handle.warn('session.hub.goesOn', params);
  return settleBehind(handle, marked, { database, sites, folder, recover });
}

interface HubRecovery {
  readonly database: Database;
  readonly recover?: boolean;
}
