import type { PlainBatches } from '../capture/plain-batches';
import { unknownAdditive, type AdditiveColumns } from '../database/additive';
import { SyncError } from '../shared/errors';
import { everyone, type HubSessionOptions } from './hub-options';
import { publishRound } from './hub-publish';
import { replayRounds } from './hub-replay';
import { settleBehind } from './hub-standing';
import { areRoundsLost, notePublished, roundOfAll } from './lost-rounds';
import type { StepHandle } from './session';
import type { Tracked } from './tracking';
import { checkTracking, followAdditive } from './tracking';

type CheckOptions = HubSessionOptions & { readonly plain: PlainBatches };

/**
 * The first step: the database and the folder of rounds are brought to one standing, wherever a power cut, an old copy
 * or a lost folder left them; or it is said why not.
 */
export async function checkHub(handle: StepHandle, options: CheckOptions): Promise<Tracked> {
  const { database, installation, folder, additive } = options;
  const checked = await checkTracking(database, installation, 0, handle);
  const tracked = await followAdditive(database, installation, checked, additive, handle);
  sayUnknown(tracked, additive, handle);
  const published = await folder.lastRound();
  if (published > 0) await folder.keepName(published);
  const settle = published > tracked.state.lastMarked ? recover : settlePublished;
  return noteStanding(await settle(handle, tracked, published, options), options);
}

/** The database is an old copy; where the user agreed, it gets its own rounds again. */
async function recover(
  handle: StepHandle,
  tracked: Tracked,
  published: number,
  options: CheckOptions,
): Promise<Tracked> {
  const { lastMarked } = tracked.state;
  if (options.recover !== true) {
    throw new SyncError('session.hubDatabaseRestored', { params: { round: published, known: lastMarked } });
  }
  await replayRounds(handle, lastMarked, published, { ...options, tables: tracked.catalogue.tables });
  return at(published, tracked);
}

/** What the database knows as published is in the folder; where a power cut left one unpublished, it goes out anew. */
async function settlePublished(
  handle: StepHandle,
  tracked: Tracked,
  published: number,
  options: CheckOptions,
): Promise<Tracked> {
  const { lastMarked } = tracked.state;
  const acknowledged = await settleBehind(handle, lastMarked, options);
  if (published === lastMarked) return tracked;
  if (areRoundsLost(tracked.state, published, acknowledged))
    return publishAgain(handle, tracked, published, options);
  // A power cut fell between a round's marks and its manifest: nobody has seen it, its changes go out anew.
  await options.database.release(lastMarked);
  handle.info('session.hub.released', { round: lastMarked });
  return at(published, tracked);
}

/**
 * Published rounds are gone from the folder. Where the user agreed, one takes their place, with all that any site may
 * not have had, as it is now: their numbers stay what they were, so that who has seen what is known as before.
 */
async function publishAgain(
  handle: StepHandle,
  tracked: Tracked,
  published: number,
  options: CheckOptions,
): Promise<Tracked> {
  const { lastMarked } = tracked.state;
  const params = { round: published, known: lastMarked };
  if (options.recover !== true) throw new SyncError('session.roundsLost', { params });
  handle.warn('session.hub.publishesAgain', params);
  const since = await roundOfAll(tracked.state, options);
  await options.database.transaction((transaction) => transaction.publishAgain(since));
  await publishRound(handle, { ...options, tracked, since });
  return at(lastMarked + 1, tracked);
}

/** What somebody who has lost the data folder will need. */
async function noteStanding({ catalogue, state }: Tracked, options: CheckOptions): Promise<Tracked> {
  const { database, folder, sites } = options;
  const known = everyone(options).map((site) => ({ ...site, active: sites.includes(site) }));
  if (JSON.stringify(known) !== JSON.stringify(await database.establishments()))
    await database.transaction((transaction) => transaction.recordEstablishments(known));
  return { catalogue, state: { ...state, roundMarks: await notePublished(database, folder, state) } };
}

const at = (lastMarked: number, { catalogue, state }: Tracked): Tracked => ({
  catalogue,
  state: { ...state, lastMarked },
});

/** A declaration that names nothing counts nothing: its table or column is misspelt, gone or no number. */
function sayUnknown({ catalogue }: Tracked, declared: AdditiveColumns, handle: StepHandle): void {
  for (const { table, column } of unknownAdditive(catalogue.tables, declared))
    handle.warn('session.additive.unknown', { table, column });
}
