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
import type { Workplace } from './workplace';

/** Between two looks whether the hub has the snapshot ready, milliseconds. */
const POLL_INTERVAL = 1_000;

/** All rows of the hub's database, from which a site starts: over FTP, or in a file on a disk that travels. */
export class Snapshots {
  readonly #place: Workplace;
  readonly #sessions: Sessions;
  #abort = new AbortController();

  constructor(place: Workplace, sessions: Sessions) {
    this.#place = place;
    this.#sessions = sessions;
  }

  /** Ends what is under way at its next safe point. */
  stop(): void {
    this.#abort.abort(new SyncError('session.stopped'));
    this.#abort = new AbortController();
  }

  /** Hub: to a file sealed with a passphrase. */
  write(file: string, passphrase: string): Promise<WrittenSnapshot> {
    return this.#sessions.exclusively(async () => {
      const plain = join(this.#place.paths.snapshots, 'to-file.tmp');
      try {
        const written = await this.#write(plain, await this.#hub().bulletin.lastRound());
        await sealFile(plain, file, { passphrase, signal: this.#abort.signal });
        this.#place.say('info', 'snapshot.written', { round: written.round, rows: written.changes });
        return { round: written.round, rows: written.changes, bytes: written.size };
      } finally {
        await rm(plain, { force: true });
      }
    });
  }

  /** Hub: makes one for the sites that asked, where the last one is not good any more. */
  offer({ bulletin }: HubRuntime): Promise<void> {
    return this.#sessions.exclusively(async () => {
      try {
        bulletin.offerSnapshot(
          (await bulletin.hasSnapshot()) ? null : await this.#make(await bulletin.lastRound()),
        );
      } catch (error) {
        bulletin.offerSnapshot(null);
        throw error;
      }
    });
  }

  /** Site: fills its empty database. Resolves to the round. */
  startFrom(start: StartingPoint): Promise<number> {
    return this.#sessions.exclusively(async () => {
      const settings = await this.#place.refresh();
      if (settings.role !== 'site') throw new SyncError('snapshot.siteOnly');
      const file = join(this.#place.paths.inbox, 'snapshot');
      await mkdir(this.#place.paths.inbox, { recursive: true });
      const { signal } = this.#abort;
      if (start.from === 'hub') await this.#fetch(file, settings, signal);
      else await unsealFile(start.file, file, { passphrase: start.passphrase, signal });
      const round = await this.#load(file, settings);
      await rm(file, { force: true });
      this.#place.events.settingsChanged();
      return round;
    });
  }

  async #load(file: string, { installation, site }: Settings): Promise<number> {
    let rows = 0;
    const round = await this.#place.withDatabase(async (database) => {
      const tables = await database.occupied();
      if (tables.length > 0)
        throw new SyncError('snapshot.notEmpty', { params: { tables: tables.join(', ') } });
      await database.prepare({ id: installation, role: 'site' });
      return loadSnapshot(database, file, { site: site?.number ?? null, onRows: (more) => (rows += more) });
    });
    this.#place.say('info', 'snapshot.loaded', { round, rows });
    return round;
  }

  async #fetch(file: string, { waitLimit }: Settings, signal: AbortSignal): Promise<void> {
    const { clock } = this.#place.parts;
    const deadline = new Deadline(clock, waitLimit * MINUTE);
    const runtime = this.#place.runtime();
    if (!(runtime instanceof SiteRuntime)) throw new SyncError('snapshot.siteOnly');
    const link = runtime.openLink();
    try {
      await retryUntil(deadline, { clock, signal }, async () => {
        const snapshot = await this.#await(link, deadline, signal);
        await link.fetchSnapshot(snapshot, file, { signal });
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

  async #make(round: number): Promise<Snapshot> {
    const folder = this.#place.paths.snapshots;
    const temporary = join(folder, 'to-send.tmp');
    const { size, sha256, changes } = await this.#write(temporary, round);
    for (const name of await readdir(folder)) if (isSnapshotName(name)) await rm(join(folder, name));
    await renameDurable(temporary, join(folder, snapshotName(round, sha256)));
    this.#place.say('info', 'snapshot.offered', { round, rows: changes });
    return { round, size, sha256 };
  }

  async #write(file: string, round: number): Promise<FileSummary & { readonly round: number }> {
    const { parts, paths } = this.#place;
    await mkdir(paths.snapshots, { recursive: true });
    const written = await this.#place.withDatabase((database) =>
      writeSnapshot(database, file, {
        application: parts.application,
        round,
        signal: this.#abort.signal,
        onRows: () => undefined,
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
