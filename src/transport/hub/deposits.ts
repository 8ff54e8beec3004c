import { constants } from 'node:fs';
import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileSha256, noFollow, statIfThere, syncFile, syncFolder, unlinkIfThere } from '../disk';
import { FileTarget } from '../file-target';
import {
  answerName,
  answersFolder,
  finalName,
  inboxFolder,
  isPromised,
  parsePartName,
  partName,
  type Inbox,
} from '../names';
import type { StoredFile } from '../port';
import { alreadyThere, busy, FtpRefusal, noRoom, notFound, wrongDigest } from './refusal';
import type { FinalNode, PartNode } from './tree';

interface Claim {
  /** Ends the work under way, where it can be ended; resolves when the path is free again. */
  release(): Promise<void>;
}

/** Most bytes of each: an acknowledgement is a few hundred, anything much larger is none. */
const limits: Readonly<Record<Inbox, number>> = {
  acks: 64 * 1024,
  questions: 1024 * 1024,
  batches: Infinity,
};

/** What uploads leave free on the disk: the hub's own database must still be able to grow. Bytes. */
const reserve = 500 * 1024 * 1024;
/** Uploads of one site that were cut and not taken up again; an honest one has one or two. */
const partsLimit = 20;
/** At the speed of a local network, what passes in between is well below the reserve. */
const lookAtDiskMilliseconds = 1000;

/** What one site leaves at the hub: parts that may be resumed, and final files that never change. */
export class Deposits {
  /** One writer a path: with two, both would be told that their upload is complete. */
  readonly #claims = new Map<string, Claim>();

  constructor(
    private readonly options: {
      readonly sitesFolder: string;
      readonly site: number;
      readonly stored: (file: StoredFile) => void;
      /** Free bytes of the disk that a folder is on. */
      readonly free: (folder: string) => Promise<number>;
    },
  ) {}

  /** Path on disk of a part or final file. */
  path(node: PartNode | FinalNode): string {
    const name =
      node.kind === 'part' ? partName(node.number, node.digest) : finalName(node.inbox, node.number);
    return join(this.folder(node.inbox), name);
  }

  folder(inbox: Inbox): string {
    return inboxFolder(this.options.sitesFolder, this.options.site, inbox);
  }

  /** Path on disk of the hub's answer to a question. */
  answer(question: number): string {
    const { sitesFolder, site } = this.options;
    return join(answersFolder(sitesFolder, site), answerName(question));
  }

  /** An answer that the site has. */
  async discardAnswer(question: number): Promise<void> {
    const path = this.answer(question);
    if ((await statIfThere(path)) === null) throw notFound();
    await unlinkIfThere(path);
  }

  /**
   * Opens a part for writing from `offset` ('end' to append). What lies before it is kept, what lies
   * after it goes. The newest line wins: a cut one may hold its file until its silence is noticed.
   */
  async openPart(node: PartNode, offset: number | 'end'): Promise<FileTarget> {
    const path = this.path(node);
    // No wait may come between the last look at the claims and the new claim.
    for (let claim = this.#claims.get(path); claim !== undefined; claim = this.#claims.get(path))
      await claim.release();
    const opening = this.#open(node, path, offset);
    this.#claims.set(path, {
      release: () =>
        opening.then(
          (writer) => writer.letGo(),
          () => undefined,
        ),
    });
    try {
      return await opening;
    } catch (error) {
      this.#claims.delete(path);
      throw error;
    }
  }

  async #open(node: PartNode, path: string, offset: number | 'end'): Promise<FileTarget> {
    const final = this.path({ ...node, kind: 'final' });
    if (node.inbox === 'batches' && (await statIfThere(final)) !== null) throw alreadyThere();
    await mkdir(dirname(path), { recursive: true });
    await this.#requireRoom(path);
    const { handle, start } = await openAt(path, offset);
    const stream = new FileTarget(handle, { start });
    const look = setInterval(() => {
      this.#requireRoom(path).catch(() => stream.destroy(noRoom()));
    }, lookAtDiskMilliseconds);
    stream.once('close', () => clearInterval(look));
    stream.once('close', () => this.#claims.delete(path));
    return stream;
  }

  async #requireRoom(path: string): Promise<void> {
    const folder = dirname(path);
    if ((await this.options.free(folder)) < reserve) throw noRoom();
    const parts = (await readdir(folder)).filter((name) => name.endsWith('.part'));
    if (parts.length > partsLimit || (parts.length === partsLimit && !parts.includes(basename(path))))
      throw noRoom();
  }

  /** Gives a complete part its final name, for ever. Done already with the same bytes: succeeds. */
  async finish(part: PartNode, final: FinalNode): Promise<void> {
    if (part.inbox !== final.inbox || part.number !== final.number)
      throw new FtpRefusal(553, 'Not the name of this part');
    const [from, to] = [this.path(part), this.path(final)];
    if (this.#claims.has(from) || this.#claims.has(to)) throw busy();
    const finishing = this.#finish(part, from, final, to);
    const claim: Claim = { release: () => finishing.catch(() => undefined) };
    this.#claims.set(from, claim).set(to, claim);
    try {
      await finishing;
    } finally {
      this.#claims.delete(from);
      this.#claims.delete(to);
    }
  }

  /** Whether the final file is the one that this part would have become. */
  async isFinal(part: PartNode): Promise<boolean> {
    const path = this.path({ ...part, kind: 'final' });
    if ((await statIfThere(path)) === null) return false;
    return isPromised(part.digest, await fileSha256(path));
  }

  async discard(part: PartNode): Promise<void> {
    const path = this.path(part);
    if (this.#claims.has(path)) throw busy();
    if ((await statIfThere(path)) === null) throw notFound();
    await unlinkIfThere(path);
  }

  async #finish(part: PartNode, from: string, final: FinalNode, to: string): Promise<void> {
    if ((await statIfThere(to)) !== null) {
      // A site may acknowledge a round again, at another time; its first word stands.
      const same = part.inbox === 'acks' || (await this.isFinal(part));
      await unlinkIfThere(from);
      if (!same) throw alreadyThere();
      return;
    }
    const stats = await statIfThere(from);
    if (stats === null || !stats.isFile()) throw notFound();
    if (stats.size > limits[part.inbox]) throw new FtpRefusal(552, 'Too large');
    const [digest] = await Promise.all([fileSha256(from), syncFile(from)]);
    if (!isPromised(part.digest, digest)) {
      await unlinkIfThere(from);
      throw wrongDigest();
    }
    await rename(from, to);
    await syncFolder(dirname(to));
    await this.#forgetParts(final);
    this.options.stored(this.#storedFile(final));
  }

  /**
   * A cut upload that was begun anew under another digest, as an acknowledgement is, leaves a part that nobody will go
   * on with: a site sends in order, so that all up to `final` are of that kind. It is no reason to refuse `final`.
   */
  async #forgetParts({ inbox, number }: FinalNode): Promise<void> {
    const names = await readdir(this.folder(inbox)).catch(() => []);
    for (const name of names) {
      const part = parsePartName(name);
      const path = join(this.folder(inbox), name);
      if (part === null || part.number > number || this.#claims.has(path)) continue;
      await unlinkIfThere(path).catch(() => undefined);
    }
  }

  #storedFile({ inbox, number }: FinalNode): StoredFile {
    const { site } = this.options;
    if (inbox === 'batches') return { kind: 'batch', site, batch: number };
    return inbox === 'acks'
      ? { kind: 'acknowledgement', site, round: number }
      : { kind: 'question', site, question: number };
  }
}

async function openAt(path: string, offset: number | 'end') {
  const { O_CREAT, O_TRUNC, O_WRONLY } = constants;
  const creates = offset === 0 ? O_CREAT | O_TRUNC : offset === 'end' ? O_CREAT : 0;
  const handle = await open(path, O_WRONLY | creates | noFollow);
  try {
    const { size } = await handle.stat();
    const start = offset === 'end' ? size : offset;
    if (start > size) throw new FtpRefusal(554, `Only ${size} bytes are here`);
    await handle.truncate(start);
    return { handle, start };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
