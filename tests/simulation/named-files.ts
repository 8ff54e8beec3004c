import { disk } from './machine/disk';

const BATCH = /\/(outbox|batches)\/\d+\.batch$/;
const OF_SITE = /^\/simulation\/(?:0\/sites\/)?(\d+)\/(?:outbox|batches)\/(\d+)\.batch$/;
const ROUND = /^(.*\/rounds\/\d+)\/[^/]+$/;

/** Batches and rounds by their final names: none of them may ever change. */
export class NamedFiles {
  readonly #first = new Map<string, Buffer>();
  /** Damaged by the test itself, with what they hold since. */
  readonly #damaged = new Map<string, Buffer>();
  /** Laid there by the test itself. */
  readonly #invented = new Set<string>();
  /** What was damaged before it was sent on, as it is since: its copy is no better. Captured anew, it is another. */
  readonly #spoilt = new Map<string, Buffer[]>();

  /** Notes what was named since, and tells what changed. */
  changed(): string[] {
    const changed: string[] = [];
    for (const [path, { data }] of disk.files) {
      if (!isNamed(path) || this.#damaged.get(path)?.equals(data) === true) continue;
      this.#damaged.delete(path);
      const name = nameOf(path);
      const first = this.#first.get(name);
      if (first === undefined) this.#first.set(name, data);
      else if (first === data || first.equals(data)) continue;
      else if (this.#spoilt.get(name)?.some((spoilt) => spoilt.equals(data)) === true)
        this.#damaged.set(path, data);
      else if (this.#mayBeAnew(path)) this.#first.set(name, data);
      else changed.push(path);
    }
    return changed;
  }

  /** A batch that its site put aside, or one behind it. */
  #mayBeAnew(path: string): boolean {
    return disk.files.has(path.replace(/\.batch$/, '.aside'));
  }

  get paths(): string[] {
    return [...disk.files.keys()].filter((path) => isNamed(path) && this.#first.has(nameOf(path)));
  }

  /** Changes a named file at rest, as a bad disk does. */
  damage(path: string, change: (data: Buffer) => Buffer): void {
    const file = disk.files.get(path);
    if (file === undefined) return;
    file.data = change(file.data);
    file.durable = file.data;
    this.#spoil(path, file.data);
  }

  #spoil(path: string, data: Buffer): void {
    this.#damaged.set(path, data);
    this.#spoilt.set(nameOf(path), [...(this.#spoilt.get(nameOf(path)) ?? []), data]);
  }

  /** Somebody puts the right files back, and takes away those that nobody wrote. */
  repair(): void {
    this.changed();
    for (const path of this.#damaged.keys()) {
      const first = this.#first.get(nameOf(path));
      const file = disk.files.get(path);
      if (file === undefined) continue;
      if (first === undefined || this.#invented.has(path)) disk.files.delete(path);
      else file.durable = file.data = first;
    }
    this.#damaged.clear();
    this.#invented.clear();
  }

  /** A name that was not on the disk yet goes with the power, where nobody else had the file: it can be given again. */
  duringPowerCut(cut: () => void): void {
    const before = namesThere();
    cut();
    const after = namesThere();
    for (const name of before) if (!after.has(name)) this.#first.delete(name);
  }

  /** What bears the same names from here on is of another life. */
  forget(): void {
    this.#first.clear();
  }

  /** Lays a copy of a file under a name that is not its own. */
  duplicate(path: string, to: string): void {
    const file = disk.files.get(path);
    if (file === undefined || disk.files.has(to)) return;
    this.#invented.add(to);
    const copy = disk.create(to);
    copy.data = copy.durable = file.data;
    this.#spoil(to, file.data);
  }
}

const namesThere = (): ReadonlySet<string> => new Set([...disk.files.keys()].filter(isNamed).map(nameOf));

/** A batch is the same at its site and at the hub. */
function nameOf(path: string): string {
  const [, site, batch] = OF_SITE.exec(path) ?? [];
  return site === undefined || batch === undefined ? path : `batch ${batch} of site ${site}`;
}

/** Segments of a round bear their names for good once its manifest is there. */
function isNamed(path: string): boolean {
  if (BATCH.test(path)) return true;
  const folder = ROUND.exec(path)?.[1];
  return folder !== undefined && disk.files.has(`${folder}/manifest.json`);
}
