import { formatFor, type Header } from '../batch/header';
import { writeBatch } from '../capture/write-batch';
import { isCatchingUp } from '../database/tracking-numbers';
import { schemasOf } from '../merge/schema-differences';
import { renameDurable } from '../shared/atomic-file';
import { SyncError } from '../shared/errors';
import { batchesIn, batchFile, sizeOf } from '../transport/batch-files';
import type { HubStatus } from '../transport/port';
import { releaseLost } from './lost-batches';
import { retryUntil, type StepHandle } from './session';
import type { SiteSessionOptions } from './site-options';
import type { Tracked } from './tracking';

/** A site's way of sending: its changes become a batch, and batches go to the hub. */
export class SiteSending {
  readonly #options: SiteSessionOptions;
  /** The batch that was captured and is not yet named. */
  #captured: { batch: number; file: string; size: number } | null = null;
  /** This batch and those behind it are not sent tonight. */
  #waitsFrom = Infinity;

  constructor(options: SiteSessionOptions) {
    this.#options = options;
  }

  /** Takes back the marks of batches that cannot be sent: their changes are captured anew. */
  async releaseLost(handle: StepHandle, tracked: Tracked, hub: HubStatus): Promise<Tracked> {
    const outcome = await releaseLost(handle, tracked, hub, this.#options);
    this.#waitsFrom = outcome.waitsFrom;
    return outcome.tracked;
  }

  /** `clockOffset`: hub time minus the time here, milliseconds. */
  async capture(
    handle: StepHandle,
    { catalogue, state }: Tracked,
    hub: HubStatus,
    clockOffset: number,
  ): Promise<void> {
    const { database, outbox, site, application, signal } = this.#options;
    const outstanding = state.lastMarked > Math.max(state.included, hub.site.merged);
    const pending = await database.pending();
    if (pending === 0 && outstanding) {
      handle.info('session.site.nothingNew', { batch: state.lastMarked });
      return;
    }
    const batch = state.lastMarked + 1;
    const file = `${batchFile(outbox, batch)}.tmp`;
    const header: Header = {
      format: formatFor(catalogue.tables),
      application,
      kind: 'batch',
      origin: site,
      number: batch,
      base: state.position,
      ...schemasOf(catalogue.tables),
      clockOffset,
      ...(isCatchingUp(state) ? { known: state.lostAfter } : {}),
    };
    let rows = 0;
    const { size } = await writeBatch(database, file, header, {
      tables: catalogue.tables.map(({ name }) => name),
      signal,
      onChanges: (table, changes) => {
        rows += changes;
        handle.count({ rows: changes });
        handle.countTable(table, { sent: changes });
        handle.progress({ done: rows, total: Math.max(rows, pending), unit: 'rows' });
      },
    });
    this.#captured = { batch, file, size };
    handle.info('session.site.captured', { batch, rows });
  }

  /** From its final name on, the batch never changes; `releaseLost` says which is the one exception. */
  async write(handle: StepHandle): Promise<void> {
    if (this.#captured === null) return;
    const { batch, file, size } = this.#captured;
    await renameDurable(file, batchFile(this.#options.outbox, batch));
    handle.count({ bytes: size });
  }

  async send(handle: StepHandle, hub: HubStatus): Promise<void> {
    const { link, outbox, deadline, signal } = this.#options;
    const unsent = (await batchesIn(outbox)).filter(
      (batch) => batch > hub.site.merged && batch < this.#waitsFrom && !hub.site.received.includes(batch),
    );
    for (const batch of unsent) {
      const file = batchFile(outbox, batch);
      const size = await sizeOf(file);
      const onProgress = (bytes: number): void =>
        handle.progress({ done: bytes, total: size, unit: 'bytes', file: `${String(batch)}.batch` });
      await retryUntil(
        deadline,
        this.#options,
        () => link.sendBatch(batch, file, { signal, onProgress }),
        (error) => sayRetry(handle, error),
      );
      handle.count({ bytes: size });
      handle.info('session.site.sent', { batch, bytes: size });
    }
  }
}

export function sayRetry(handle: StepHandle, error: unknown): void {
  handle.info('session.retry', { code: error instanceof SyncError ? error.code : 'unexpected' });
}
