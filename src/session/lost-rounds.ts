import { roundMark } from '../batch/manifest';
import type { Database, TrackingState } from '../database/port';
import { marksOf, withMark } from '../database/round-marks';
import type { HubFolder, HubSite } from './hub-folder';

/**
 * Whether rounds that were published are gone from the hub's folder. The last one that is marked may never have been:
 * it was where its mark is noted, or where a site has applied it (`acknowledged`, the last that any has). Pure.
 */
export function areRoundsLost(
  { lastMarked, roundMarks }: Pick<TrackingState, 'lastMarked' | 'roundMarks'>,
  published: number,
  acknowledged = 0,
): boolean {
  if (published !== lastMarked - 1) return published < lastMarked;
  return acknowledged >= lastMarked || marksOf(roundMarks).has(lastMarked);
}

/**
 * The round after which all has to be published anew: every active site has it, as far as it has said so, and nothing
 * that came later is forgotten.
 */
export async function roundOfAll(
  { lastMarked, purged }: Pick<TrackingState, 'lastMarked' | 'purged'>,
  { folder, sites }: { readonly folder: HubFolder; readonly sites: readonly HubSite[] },
): Promise<number> {
  const known = await Promise.all(sites.map(({ number }) => folder.acknowledged(number)));
  return Math.min(lastMarked, Math.max(purged, Math.min(lastMarked, ...known)));
}

/** Notes in the database that its last round is published, and by which mark the sites know it. */
export async function notePublished(
  database: Database,
  folder: HubFolder,
  { lastMarked, roundMarks }: Pick<TrackingState, 'lastMarked' | 'roundMarks'>,
): Promise<string> {
  if (lastMarked === 0 || marksOf(roundMarks).has(lastMarked)) return roundMarks;
  const manifest = await folder.manifest(lastMarked);
  if (manifest === null) return roundMarks;
  const marks = withMark(roundMarks, lastMarked, roundMark(manifest));
  await database.transaction((transaction) => transaction.recordNumbers({ roundMarks: marks }));
  return marks;
}
