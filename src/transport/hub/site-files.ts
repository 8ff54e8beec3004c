import { constants, type Stats } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { noFollow, statIfThere } from '../disk';
import { manifestFile, parseNumber, roundFolder } from '../names';
import type { HubStatus } from '../port';
import type { Deposits } from './deposits';
import { FtpRefusal, notAllowed, notFound } from './refusal';
import { answerNode, folders, inboxNode, isRoundFile, nodeAt, nodeName, walk, type TreeNode } from './tree';

/** What a listing shows of a file or folder. */
export interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly size: number;
  /** Milliseconds since 1970, UTC. */
  readonly modified: number;
}

/** The read side of one site's tree, as one connection sees it. */
export class SiteFiles {
  #cwd: readonly string[] = [];

  constructor(
    private readonly options: {
      readonly roundsFolder: string;
      readonly snapshotsFolder: string | null;
      readonly deposits: Deposits;
      readonly status: () => HubStatus | Promise<HubStatus>;
      readonly now: () => number;
    },
  ) {}

  get cwd(): string {
    return `/${this.#cwd.join('/')}`;
  }

  async changeFolder(path: string): Promise<void> {
    const segments = walk(this.#cwd, path);
    const node = segments && nodeAt(segments);
    if (!segments || !node || !(await this.entry(node)).folder) throw notFound();
    this.#cwd = segments;
  }

  /** The node that a path names; rejects for whatever is outside the tree. */
  node(path: string): TreeNode {
    const segments = walk(this.#cwd, path);
    const node = segments && nodeAt(segments);
    if (!node) throw notFound();
    return node;
  }

  async entry(node: TreeNode): Promise<Entry> {
    switch (node.kind) {
      case 'root':
      case 'folder':
        return this.#entryOf(node, null);
      case 'status':
        return { ...this.#entryOf(node, null), folder: false, size: (await this.#status()).length };
      case 'request':
      case 'waiting':
      case 'snapshotRequest':
        throw notFound();
      case 'part':
        return this.#partEntry(node);
      case 'final':
        return this.#entryOf(node, await file(this.options.deposits.path(node)));
      case 'answer':
        return this.#entryOf(node, await file(this.options.deposits.answer(node.question)));
      case 'snapshot':
        return this.#entryOf(node, await file(this.#snapshot(node.name)));
      case 'round':
        return this.#entryOf(node, await this.#round(node.round));
      case 'roundFile':
        return this.#entryOf(node, await file(await this.#roundFile(node.round, node.name)));
    }
  }

  async list(node: TreeNode): Promise<Entry[]> {
    const nodes = await this.#children(node);
    const entries: Entry[] = [];
    for (const child of nodes) {
      // What vanishes between the listing and the look at it (a part renamed) is simply not listed.
      const entry = await this.entry(child).catch(() => null);
      if (entry !== null) entries.push(entry);
    }
    return entries;
  }

  /** A stream of the file's bytes from `start`. */
  async read(node: TreeNode, start: number): Promise<Readable> {
    if (node.kind === 'status') return Readable.from([(await this.#status()).subarray(start)]);
    const entry = await this.entry(node);
    if (entry.folder) throw notAllowed();
    if (start > entry.size) throw new FtpRefusal(554, `Only ${entry.size} bytes are here`);
    const handle = await open(await this.#path(node), constants.O_RDONLY | noFollow);
    return handle.createReadStream({ start, highWaterMark: 1 << 18 });
  }

  async #path(node: TreeNode): Promise<string> {
    if (node.kind === 'roundFile') return this.#roundFile(node.round, node.name);
    if (node.kind === 'answer') return this.options.deposits.answer(node.question);
    if (node.kind === 'snapshot') return this.#snapshot(node.name);
    if (node.kind === 'part' || node.kind === 'final') return this.options.deposits.path(node);
    throw notAllowed();
  }

  async #partEntry(node: Extract<TreeNode, { kind: 'part' }>): Promise<Entry> {
    const { deposits } = this.options;
    const stats = await statIfThere(deposits.path(node));
    if (stats?.isFile() === true) return this.#entryOf(node, stats);
    // The answer to a rename may have been lost. The part is then whole: it is the final file.
    if (!(await deposits.isFinal(node))) throw notFound();
    return this.#entryOf(node, await file(deposits.path({ ...node, kind: 'final' })));
  }

  async #children(node: TreeNode): Promise<TreeNode[]> {
    if (node.kind === 'root')
      return [...folders.map((folder) => ({ kind: 'folder' as const, folder })), { kind: 'status' }];
    if (node.kind === 'round') {
      await this.#round(node.round);
      const names = await namesIn(roundFolder(this.options.roundsFolder, node.round));
      return names
        .filter(isRoundFile)
        .map((name) => ({ kind: 'roundFile' as const, round: node.round, name }));
    }
    if (node.kind !== 'folder') throw notAllowed();
    if (node.folder === 'requests') return [];
    if (node.folder === 'rounds') {
      const rounds = (await namesIn(this.options.roundsFolder)).map(parseNumber);
      return rounds.filter((round) => round !== null).map((round) => ({ kind: 'round' as const, round }));
    }
    const { folder } = node;
    if (folder === 'answers') {
      const names = await namesIn(dirname(this.options.deposits.answer(1)));
      return names.map(answerNode).filter((child) => child !== null);
    }
    const names = await namesIn(this.options.deposits.folder(folder));
    return names.map((name) => inboxNode(folder, name)).filter((child) => child !== null);
  }

  /** A round is there once its manifest, which is written last, is. */
  async #round(round: number): Promise<Stats> {
    const folder = roundFolder(this.options.roundsFolder, round);
    if ((await statIfThere(folder))?.isDirectory() !== true) throw notFound();
    return file(join(folder, manifestFile));
  }

  async #roundFile(round: number, name: string): Promise<string> {
    await this.#round(round);
    return join(roundFolder(this.options.roundsFolder, round), name);
  }

  #snapshot(name: string): string {
    const { snapshotsFolder } = this.options;
    if (snapshotsFolder === null) throw notFound();
    return join(snapshotsFolder, name);
  }

  async #status(): Promise<Buffer> {
    return Buffer.from(JSON.stringify(await this.options.status()));
  }

  #entryOf(node: TreeNode, stats: Stats | null): Entry {
    const folder = node.kind === 'root' || node.kind === 'folder' || node.kind === 'round';
    const size = folder || stats === null ? 0 : stats.size;
    return { name: nodeName(node), folder, size, modified: stats?.mtimeMs ?? this.options.now() };
  }
}

/** A plain file; a link or a folder in its place is no file. */
async function file(path: string): Promise<Stats> {
  const stats = await statIfThere(path);
  if (stats?.isFile() !== true) throw notFound();
  return stats;
}

async function namesIn(folder: string): Promise<string[]> {
  if ((await statIfThere(folder)) === null) return [];
  return (await readdir(folder)).sort();
}
