import type { Random } from '../../support/random';
import { time } from './time';

/** One file: what programs read in it, and what is certain to be there after a power cut. */
export class DiskFile {
  data: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  modified = time.now;

  /** Writes `bytes` from `position` on; what lies between the end and there is zero. */
  write(bytes: Uint8Array, position: number): void {
    const size = Math.max(this.data.length, position + bytes.length);
    const next = Buffer.alloc(size);
    this.data.copy(next);
    next.set(bytes, position);
    this.data = next;
    this.modified = time.now;
  }

  truncate(size: number): void {
    const next = Buffer.alloc(size);
    this.data.copy(next);
    this.data = next;
    this.modified = time.now;
  }
}

/** How the bytes of the next transfers leave the disk: in pieces of `piece`, the bit `flip` (counted over all) turned. */
export interface Delivery {
  readonly piece: number;
  readonly flip: number | null;
}

/**
 * The disks of all places, in memory. Names change in order, and a sync makes all earlier changes of names of that disk
 * durable, as journals of file systems do; content is durable once its own file is synced. A power cut takes back the
 * last changes that are not durable, any number of them, and tears content that is not.
 */
export class Disk {
  readonly files = new Map<string, DiskFile>();
  readonly folders = new Set<string>();
  /** Places whose disk takes no further byte. */
  readonly full = new Set<number>();
  delivery: Delivery | null = null;
  #undo: { readonly place: number; readonly back: () => void }[] = [];

  reset(): void {
    this.files.clear();
    this.folders.clear();
    this.full.clear();
    this.delivery = null;
    this.#undo = [];
  }

  create(path: string): DiskFile {
    const file = new DiskFile();
    this.#name(path, file);
    return file;
  }

  remove(path: string): void {
    this.#name(path, null);
  }

  rename(from: string, to: string): void {
    const file = this.files.get(from);
    if (file === undefined) throw new Error(`${from} is not there`);
    const before = this.files.get(to);
    this.files.delete(from);
    this.files.set(to, file);
    this.#note(to, () => {
      this.#put(to, before ?? null);
      this.files.set(from, file);
    });
  }

  makeFolder(path: string): void {
    if (this.folders.has(path)) return;
    this.folders.add(path);
    this.#note(path, () => this.folders.delete(path));
  }

  removeFolder(path: string): void {
    for (const name of [...this.files.keys()]) if (name.startsWith(`${path}/`)) this.remove(name);
    for (const folder of [...this.folders]) {
      if (folder !== path && !folder.startsWith(`${path}/`)) continue;
      this.folders.delete(folder);
      this.#note(folder, () => this.folders.add(folder));
    }
  }

  /** Names right in a folder. */
  list(folder: string): string[] {
    const names = [...this.files.keys(), ...this.folders].filter(
      (path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'),
    );
    return names.map((path) => path.slice(folder.length + 1)).sort();
  }

  sync(path: string): void {
    const file = this.files.get(path);
    if (file !== undefined) file.durable = file.data;
    const place = placeOf(path);
    this.#undo = this.#undo.filter((change) => change.place !== place);
  }

  /** All that is on the disk of a place; what is given puts it back as it is now. */
  copy(place: number): () => void {
    const isIts = (path: string): boolean => placeOf(path) === place;
    const files = [...this.files].filter(([path]) => isIts(path));
    const folders = [...this.folders].filter(isIts);
    return () => {
      for (const path of [...this.files.keys()].filter(isIts)) this.files.delete(path);
      for (const path of [...this.folders].filter(isIts)) this.folders.delete(path);
      for (const [path, file] of files) this.files.set(path, file);
      for (const path of folders) this.folders.add(path);
      this.#undo = this.#undo.filter((change) => change.place !== place);
    };
  }

  /** The power of a place goes and comes back. */
  powerCut(place: number, random: Random): void {
    const changes = this.#undo.filter((change) => change.place === place);
    const lost = random.below(changes.length + 1);
    for (const { back } of changes.reverse().slice(0, lost)) back();
    this.#undo = this.#undo.filter((change) => change.place !== place);
    for (const [path, file] of this.files) {
      if (placeOf(path) !== place || file.durable === file.data) continue;
      if (random.chance(0.7)) file.data = torn(file, random);
      file.durable = file.data;
    }
  }

  #name(path: string, file: DiskFile | null): void {
    const before = this.files.get(path) ?? null;
    this.#put(path, file);
    this.#note(path, () => this.#put(path, before));
  }

  #put(path: string, file: DiskFile | null): void {
    if (file === null) this.files.delete(path);
    else this.files.set(path, file);
  }

  #note(path: string, back: () => void): void {
    this.#undo.push({ place: placeOf(path), back });
  }
}

/** What was synced, a part of what was written, or its length with nothing in it. */
function torn({ data, durable }: DiskFile, random: Random): Buffer {
  return random.pick([durable, data.subarray(0, random.below(data.length + 1)), Buffer.alloc(data.length)]);
}

/** `/simulation/3/outbox/…` lies on the disk of place 3. */
export const placeOf = (path: string): number => Number(path.split('/')[2]);

export const disk = new Disk();
