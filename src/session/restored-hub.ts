import { roundMark, type Manifest } from '../batch/manifest';
import { giveBack } from '../compare/give-back';
import { journalSent } from '../compare/journal-sent';
import type { TrackingState } from '../database/port';
import { marksOf, marksUpTo } from '../database/round-marks';
import { NO_NUMBERS } from '../database/tracking-numbers';
import { SyncError } from '../shared/errors';
import { batchesIn, batchFile, putAside } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import { retryUntil, type StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import type { Tracked } from './tracking';

/** Milliseconds. */
const HOUR = 3_600_000;

/**
 * A hub whose database and folder are an old copy is noticed before anything moves, and so is one that went on from
 * there: rejects with `session.hubRestored` or `session.hubOtherPast` {round, known}, or with `session.hubUnknown` where
 * no round is left that both know. One that has lost its folder alone is left until somebody there has decided:
 * `session.hubFolderLost` {round}. Where the user has agreed (`recover`), this site gives back what the hub has lost
 * and goes on from the last round that both know.
 */
export async function settleRestoredHub(
  handle: StepHandle,
  tracked: Tracked,
  hub: HubStatus,
  options: SiteSessionOptions,
): Promise<Tracked> {
  const { state } = tracked;
  if (hub.lost !== undefined) {
    // So that it publishes anew what this site has not had, and no more.
    await tellHub(state, hub, options);
    throw new SyncError('session.hubFolderLost', { params: { round: hub.lost } });
  }
  const common = await lastCommonRound(state, hub, options);
  if (common === state.position) return tracked;
  await tellHub(state, hub, options);
  const params = { round: hub.round, known: state.position };
  if (common === null) throw new SyncError('session.hubUnknown', { params });
  if (options.recover !== true) {
    const code = hub.round < state.position ? 'session.hubRestored' : 'session.hubOtherPast';
    throw new SyncError(code, { params });
  }
  return goOnFrom(handle, tracked, common, hub, options);
}

/** As far as this site's past is the hub's; null where that is not known. */
async function lastCommonRound(
  { position, roundMarks }: TrackingState,
  hub: HubStatus,
  options: SiteSessionOptions,
): Promise<number | null> {
  const marks = marksOf(roundMarks);
  const theirs = marksOf(hub.roundMarks ?? '');
  const markAt = async (round: number): Promise<string | null> => {
    const noted = theirs.get(round);
    if (noted !== undefined) return noted;
    const manifest = await manifestOf(round, options);
    return manifest === null ? null : roundMark(manifest);
  };
  if (hub.round >= position) {
    const known = marks.get(position);
    if (known === undefined) return position;
    const mark = await markAt(position);
    // One that is too old to be kept says nothing.
    if (mark === null || mark === known) return position;
  }
  for (const [round, mark] of marks) if (round <= hub.round && (await markAt(round)) === mark) return round;
  return hub.round === 0 || marks.has(1) ? 0 : null;
}

async function manifestOf(
  round: number,
  { link, deadline, ...environment }: SiteSessionOptions,
): Promise<Manifest | null> {
  try {
    return await retryUntil(deadline, environment, () => link.manifest(round, environment.signal));
  } catch (error) {
    if (error instanceof SyncError && error.code === 'hub.roundMissing') return null;
    throw error;
  }
}

/** The hub finds the round among the acknowledgements, and begins no session either, unless somebody there knows. */
async function tellHub(
  { position }: TrackingState,
  { round, site, restarted = 0 }: HubStatus,
  { link, deadline, clock, signal }: SiteSessionOptions,
): Promise<void> {
  if (position <= Math.max(round, site.acknowledged, restarted)) return;
  const acknowledgement = { round: position, at: new Date(clock.now()).toISOString(), warnings: 0 };
  await retryUntil(deadline, { clock, signal }, () => link.acknowledge(acknowledgement, signal));
}

/**
 * What the hub has lost of this site goes out anew, as the rows are now; values that it had sent and that gave way since
 * go into the journal here, for that of the hub is lost too. The batches that carried them speak of rounds that are no
 * more: nobody is left who has read what bore their names, so these are given again. They are out of the way before the
 * new standing counts; cut short in between, this begins again.
 */
async function goOnFrom(
  handle: StepHandle,
  { catalogue, state }: Tracked,
  common: number,
  hub: HubStatus,
  options: SiteSessionOptions,
): Promise<Tracked> {
  const { site, outbox, inbox, clock, signal, link, database, application } = options;
  const since = Math.max(hub.site.merged, ...hub.site.received);
  const manifest = common === 0 ? null : await manifestOf(common, options);
  const standing = {
    ...NO_NUMBERS,
    position: common,
    roundMarks: marksUpTo(state.roundMarks, common),
    lastMarked: Math.min(since, state.lastMarked),
    included: manifest?.sites.find((line) => line.site === site)?.batch ?? 0,
  };
  const lost = (await batchesIn(outbox)).filter((batch) => batch > since);
  await journalSent(
    lost.map((batch) => batchFile(outbox, batch)),
    { database, site, now: clock.now() },
  );
  const rows = await giveBack({
    ...{ database, link, clock, signal, site, application, standing, folder: inbox },
    batches: { since, lastMarked: state.lastMarked },
    // No clock's time, and in the order of what each site has seen: who knows more prevails.
    at: state.position * HOUR,
    onProgress: ({ rows: done }) => handle.progress({ done, total: null, unit: 'rows' }),
    onRead: async () => {
      for (const batch of lost.reverse()) await putAside(outbox, batch);
    },
  });
  handle.warn('session.site.gaveBack', { rows, round: common });
  return { catalogue, state: { ...state, ...standing } };
}
