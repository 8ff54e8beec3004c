import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sealFile, unsealFile } from '../batch/sealed-file';
import type { FileSummary } from '../batch/header';
import { writeSnapshot } from '../capture/write-snapshot';
import type { Settings } from '../config/settings';
import { loadSnapshot } from '../merge/load-snapshot';
import { Deadline } from '../session/deadline';
import { retryUntil } from '../session/session';
import { renameDurable } from '../shared/atomic-file';
import { SyncError } from '../shared/errors';
import { isSnapshotName, snapshotName } from '../transport/names';
import type { HubLink, Snapshot } from '../transport/port';
import type { StartingPoint, WrittenSnapshot } from './contract';
import type { HubRuntime } from './hub-runtime';
import { MINUTE } from './runtime';
import type { Sessions } from './sessions';
import { SiteRuntime } from './site-runtime';
import { SnapshotRun } from './snapshot-run';
import type { Workplace } from './workplace';

/** Between two looks whether the hub has the snapshot ready, milliseconds. */
const POLL_INTERVAL = 1_000;

/** All rows of the hub's database, from which a site starts: over FTP, or in a file on a disk that travels. */
export class Snapshots {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  #run: SnapshotRun | null = null;
  #work: Promise<unknown> = Promise.resolve();

  constructor(place: Workplace, sessions: Sessions) {
    this.#place = place;
    this.#sessions = sessions;
  }

  /** Resolves once none is under way. */
  async stop(): Promise<void> {
    this.#run?.stop(new SyncError('snapshot.stopped'));
    await this.#work.catch(() => undefined);
  }

  /** Hub: to a file sealed with a passphrase. */
  write(file: string, passphrase: string): Promise<WrittenSnapshot> {
    return this.#guarded(async (run) => {
      const plain = join(this.#place.paths.snapshots, 'to-file.tmp');
      try {
        const written = await this.#write(plain, await this.#hub().bulletin.lastRound(), run);
        const onProgress = (done: number): void =>
          run.advance({ stage: 'sealing', bytes: { done, total: written.size } });
        onProgress(0);
        await sealFile(plain, file, { passphrase, signal: run.signal, onProgress });
        this.#place.say('info', 'snapshot.written', { round: written.round, rows: written.changes });
        return { round: written.round, rows: written.changes, bytes: written.size };
      } finally {
        await rm(plain, { force: true });
      }
    });
  }

  /** Hub: makes one for the sites that asked, where the last one is not good any more. */
  offer({ bulletin }: HubRuntime): Promise<void> {
    return this.#guarded(async (run) => {
      try {
        bulletin.offerSnapshot(
          (await bulletin.hasSnapshot()) ? null : await this.#make(await bulletin.lastRound(), run),
        );
      } catch (error) {
        bulletin.offerSnapshot(null);
        throw error;
      }
    });
  }

  /** Site: fills its empty database. Resolves to the round. */
  startFrom(start: StartingPoint): Promise<number> {
    return this.#guarded(async (run) => {
      const settings = await this.#place.refresh();
      if (settings.role !== 'site') throw new SyncError('snapshot.siteOnly');
      const file = join(this.#place.paths.inbox, 'snapshot');
      await mkdir(this.#place.paths.inbox, { recursive: true });
      // What a line brought before it was cut is not fetched again.
      let keep = start.from === 'hub';
      try {
        if (start.from === 'hub') await this.#fetch(file, settings, run);
        else await unseal(start, file, run);
        const round = await this.#load(file, settings, run);
        keep = false;
        this.#place.events.settingsChanged();
        return round;
      } finally {
        if (!keep || run.signal.aborted) await rm(file, { force: true });
      }
    });
  }

  /** One at a time, and never beside a session. */
  #guarded<T>(work: (run: SnapshotRun) => Promise<T>): Promise<T> {
    const done = this.#sessions.exclusively(async () => {
      const { parts, events } = this.#place;
      const run = new SnapshotRun(parts.clock, (progress) => events.snapshotAdvances(progress));
      this.#run = run;
      try {
        return await work(run);
      } finally {
        this.#run = null;
        events.snapshotAdvances(null);
      }
    });
    this.#work = done;
    return done;
  }

  async #load(file: string, { installation, site }: Settings, run: SnapshotRun): Promise<number> {
    let rows = 0;
    const round = await this.#place.withDatabase(async (database) => {
      const tables = await database.occupied();
      if (tables.length > 0)
        throw new SyncError('snapshot.notEmpty', { params: { tables: tables.join(', ') } });
      await database.prepare({ id: installation, role: 'site' });
      return loadSnapshot(database, file, {
        site: site?.number ?? null,
        signal: run.signal,
        onProgress: (progress) => {
          rows = progress.rows.done;
          run.advance({ stage: 'loading', ...progress });
        },
      });
    });
    this.#place.say('info', 'snapshot.loaded', { round, rows });
    return round;
  }

  async #fetch(file: string, { waitLimit }: Settings, run: SnapshotRun): Promise<void> {
    const { clock } = this.#place.parts;
    const { signal } = run;
    const deadline = new Deadline(clock, waitLimit * MINUTE);
    const runtime = this.#place.runtime();
    if (!(runtime instanceof SiteRuntime)) throw new SyncError('snapshot.siteOnly');
    const link = runtime.openLink();
    try {
      await retryUntil(deadline, { clock, signal }, async () => {
        run.advance({ stage: 'waiting' });
        const snapshot = await this.#await(link, deadline, signal);
        const onProgress = (done: number): void =>
          run.advance({ stage: 'receiving', bytes: { done, total: snapshot.size } });
        await link.fetchSnapshot(snapshot, file, { signal, onProgress });
      });
    } finally {
      link.close();
    }
  }

  /** Until the hub has a snapshot that holds its last round. */
  async #await(link: HubLink, deadline: Deadline, signal: AbortSignal): Promise<Snapshot> {
    const { clock } = this.#place.parts;
    const { round } = await link.status(signal);
    await link.requestSnapshot(signal);
    this.#place.say('info', 'snapshot.asked');
    for (;;) {
      const { snapshot } = await link.status(signal);
      if (snapshot !== undefined && snapshot !== null && snapshot.round >= round) return snapshot;
      if (deadline.left === 0) throw new SyncError('snapshot.hubSilent');
      await clock.delay(POLL_INTERVAL, signal);
    }
  }

  async #make(round: number, run: SnapshotRun): Promise<Snapshot> {
    const folder = this.#place.paths.snapshots;
    const temporary = join(folder, 'to-send.tmp');
    const { size, sha256, changes } = await this.#write(temporary, round, run);
    for (const name of await readdir(folder)) if (isSnapshotName(name)) await rm(join(folder, name));
    await renameDurable(temporary, join(folder, snapshotName(round, sha256)));
    this.#place.say('info', 'snapshot.offered', { round, rows: changes });
    return { round, size, sha256 };
  }

  async #write(
    file: string,
    round: number,
    run: SnapshotRun,
  ): Promise<FileSummary & { readonly round: number }> {
    const { parts, paths } = this.#place;
    await mkdir(paths.snapshots, { recursive: true });
    const written = await this.#place.withDatabase((database) =>
      writeSnapshot(database, file, {
        application: parts.application,
        round,
        signal: run.signal,
        onProgress: ({ bytes, ...progress }) =>
          run.advance({ stage: 'writing', ...progress, bytes: { done: bytes, total: null } }),
      }),
    );
    return { ...written, round };
  }

  #hub(): HubRuntime {
    const { hub } = this.#place;
    if (hub === null) throw new SyncError('snapshot.hubOnly');
    return hub;
  }
}

async function unseal(
  { file, passphrase }: Extract<StartingPoint, { from: 'file' }>,
  target: string,
  run: SnapshotRun,
): Promise<void> {
  const onProgress = (done: number): void =>
    run.advance({ stage: 'unsealing', bytes: { done, total: null } });
  onProgress(0);
  await unsealFile(file, target, { passphrase, signal: run.signal, onProgress });
}
