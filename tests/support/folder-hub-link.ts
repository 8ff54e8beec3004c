import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Manifest, Segment } from '../../src/batch/manifest';
import { manifestSchema } from '../../src/batch/manifest';
import { SyncError } from '../../src/shared/errors';
import { fileSha256, statIfThere, unlinkIfThere } from '../../src/transport/disk';
import { FileTarget } from '../../src/transport/file-target';
import { Deposits } from '../../src/transport/hub/deposits';
import { FtpRefusal } from '../../src/transport/hub/refusal';
import { SiteFiles } from '../../src/transport/hub/site-files';
import type { FinalNode, PartNode, TreeNode } from '../../src/transport/hub/tree';
import type {
  Acknowledgement,
  HubLink,
  HubStatus,
  StoredFile,
  TransferOptions,
} from '../../src/transport/port';

export interface FolderHubLinkOptions {
  readonly sitesFolder: string;
  readonly roundsFolder: string;
  readonly status: (site: number) => HubStatus | Promise<HubStatus>;
  readonly site: number;
  readonly onStored?: (file: StoredFile) => void;
}

/** A site's way to the hub without a network: the hub's own folders, by the hub's own rules. For simulations. */
export function createFolderHubLink(options: FolderHubLinkOptions): HubLink {
  return new FolderHubLink(options);
}

const blockSize = 64 * 1024;

class FolderHubLink implements HubLink {
  readonly #deposits: Deposits;
  readonly #files: SiteFiles;
  #line = new AbortController();

  constructor(private readonly options: FolderHubLinkOptions) {
    const { sitesFolder, roundsFolder, site, onStored } = options;
    this.#deposits = new Deposits({
      sitesFolder,
      site,
      stored: (file) => onStored?.(file),
      free: () => Promise.resolve(Number.POSITIVE_INFINITY),
    });
    this.#files = new SiteFiles({
      roundsFolder,
      snapshotsFolder: null,
      deposits: this.#deposits,
      status: () => options.status(site),
      now: () => 0,
    });
  }

  async status(signal: AbortSignal): Promise<HubStatus> {
    signal.throwIfAborted();
    return this.options.status(this.options.site);
  }

  async sendBatch(batch: number, file: string, options: TransferOptions): Promise<void> {
    const sha256 = await fileSha256(file, options.signal);
    const { size } = await stat(file);
    const open = (start: number): Readable => createReadStream(file, { start, highWaterMark: blockSize });
    await this.#deposit({ kind: 'final', inbox: 'batches', number: batch }, sha256, size, open, options);
  }

  async manifest(round: number, signal: AbortSignal): Promise<Manifest> {
    signal.throwIfAborted();
    const source = await this.#read({ kind: 'roundFile', round, name: 'manifest.json' }, 0);
    const blocks: Buffer[] = [];
    await pipeline(source, async (data: AsyncIterable<Buffer>) => {
      for await (const block of data) blocks.push(block);
    });
    return manifestSchema.parse(JSON.parse(Buffer.concat(blocks).toString()));
  }

  async isPublished(round: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const manifest: TreeNode = { kind: 'roundFile', round, name: 'manifest.json' };
    return (await this.#files.entry(manifest).catch(() => null)) !== null;
  }

  async fetchSegment(round: number, segment: Segment, file: string, options: TransferOptions): Promise<void> {
    options.signal.throwIfAborted();
    const there = (await statIfThere(file))?.size ?? 0;
    const start = there > segment.size ? 0 : there;
    const source = await this.#read({ kind: 'roundFile', round, name: segment.name }, start);
    const handle = await open(file, start === 0 ? 'w' : 'r+');
    await this.#move(source, new FileTarget(handle, { start }), start, options);
    if ((await fileSha256(file)) === segment.sha256) return;
    await unlinkIfThere(file);
    throw new SyncError('hub.digest', { params: { file: segment.name }, retryable: true });
  }

  requestSnapshot(signal: AbortSignal): Promise<void> {
    return this.#wish('snapshotRequest', signal);
  }

  /** None is ever offered here. */
  fetchSnapshot(): Promise<void> {
    return Promise.reject(new SyncError('hub.snapshotGone'));
  }

  requestSession(signal: AbortSignal): Promise<void> {
    return this.#wish('request', signal);
  }

  tellWaiting(signal: AbortSignal): Promise<void> {
    return this.#wish('waiting', signal);
  }

  async #wish(kind: 'request' | 'waiting' | 'snapshotRequest', signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.options.onStored?.({ kind, site: this.options.site });
    return Promise.resolve();
  }

  acknowledge(acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void> {
    const final: FinalNode = { kind: 'final', inbox: 'acks', number: acknowledgement.round };
    return this.#leave(final, JSON.stringify(acknowledgement), signal);
  }

  ask(number: number, question: string, signal: AbortSignal): Promise<void> {
    return this.#leave({ kind: 'final', inbox: 'questions', number }, question, signal);
  }

  async fetchAnswer(question: number, file: string, options: TransferOptions): Promise<boolean> {
    options.signal.throwIfAborted();
    if ((await this.#files.entry({ kind: 'answer', question }).catch(() => null)) === null) return false;
    const source = await this.#files.read({ kind: 'answer', question }, 0);
    await this.#move(source, new FileTarget(await open(file, 'w'), { start: 0 }), 0, options);
    await this.#deposits.discardAnswer(question);
    return true;
  }

  async #leave(final: FinalNode, text: string, signal: AbortSignal): Promise<void> {
    const content = Buffer.from(text);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const open = (start: number): Readable => Readable.from([content.subarray(start)]);
    await this.#deposit(final, sha256, content.length, open, { signal });
  }

  close(): void {
    this.#line.abort(new SyncError('hub.lineCut', { retryable: true }));
    this.#line = new AbortController();
  }

  async #deposit(
    final: FinalNode,
    sha256: string,
    size: number,
    open: (start: number) => Readable,
    options: TransferOptions,
  ): Promise<void> {
    options.signal.throwIfAborted();
    const part: PartNode = { ...final, kind: 'part', digest: sha256.slice(0, 16) };
    try {
      const there = await this.#files.entry(part).catch(() => null);
      if (there === null || there.size < size) {
        const target = await this.#deposits.openPart(part, there?.size ?? 0);
        try {
          await this.#move(open(target.length), target, target.length, options);
        } finally {
          await target.letGo();
        }
      }
      await this.#deposits.finish(part, final);
    } catch (error) {
      throw this.#hubError(error, final);
    }
  }

  async #move(
    source: Readable,
    target: NodeJS.WritableStream,
    start: number,
    { signal, onProgress }: TransferOptions,
  ): Promise<void> {
    let passed = start;
    const count = async function* (blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      onProgress?.(passed);
      for await (const block of blocks) {
        yield block;
        onProgress?.((passed += block.length));
      }
    };
    const line = AbortSignal.any([signal, this.#line.signal]);
    try {
      await pipeline(source, count, target, { signal: line });
    } catch (error) {
      line.throwIfAborted();
      throw error;
    }
  }

  async #read(node: Extract<TreeNode, { kind: 'roundFile' }>, start: number): Promise<Readable> {
    try {
      return await this.#files.read(node, start);
    } catch (error) {
      if (error instanceof FtpRefusal && error.reply === 550)
        throw new SyncError('hub.roundMissing', { params: { round: node.round } });
      throw error;
    }
  }

  #hubError(error: unknown, final: FinalNode): unknown {
    if (!(error instanceof FtpRefusal)) return error;
    if (error.reply === 553) return new SyncError('hub.batchDiffers', { params: { batch: final.number } });
    return new SyncError('hub.digest', { retryable: true });
  }
}
