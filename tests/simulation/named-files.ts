import { disk } from './machine/disk';

const BATCH = /\/(outbox|batches)\/\d+\.batch$/;
const OF_SITE = /^\/simulation\/(?:0\/sites\/)?(\d+)\/(?:outbox|batches)\/(\d+)\.batch$/;
const ROUND = /^(.*\/rounds\/\d+)\/[^/]+$/;

/** Batches and rounds by their final names: none of them may ever change. */
export class NamedFiles {
  readonly #first = new Map<string, Buffer>();
  /** Damaged by the test itself. */
  readonly #damaged = new Set<string>();
  /** Laid there by the test itself. */
  readonly #invented = new Set<string>();
  /** What was damaged before it was sent on: its copy is no better. */
  readonly #spoilt = new Set<string>();

  /** Notes what was named since, and tells what changed. */
  changed(): string[] {
    const changed: string[] = [];
    for (const [path, { data }] of disk.files) {
      if (!isNamed(path) || this.#damaged.has(path)) continue;
      const name = nameOf(path);
      const first = this.#first.get(name);
      if (first === undefined) this.#first.set(name, data);
      else if (first === data || first.equals(data)) continue;
      else if (this.#spoilt.has(name)) this.#damaged.add(path);
      else changed.push(path);
    }
    return changed;
  }

  get paths(): string[] {
    return [...disk.files.keys()].filter((path) => isNamed(path) && this.#first.has(nameOf(path)));
  }

  /** Changes a named file at rest, as a bad disk does. */
  damage(path: string, change: (data: Buffer) => Buffer): void {
    const file = disk.files.get(path);
    if (file === undefined) return;
    this.#damaged.add(path);
    this.#spoilt.add(nameOf(path));
    file.data = change(file.data);
    file.durable = file.data;
  }

  /** Somebody puts the right files back, and takes away those that nobody wrote. */
  repair(): void {
    for (const path of this.#damaged) {
      const first = this.#first.get(nameOf(path));
      const file = disk.files.get(path);
      if (file === undefined) continue;
      if (first === undefined || this.#invented.has(path)) disk.files.delete(path);
      else file.durable = file.data = first;
    }
    this.#damaged.clear();
    this.#invented.clear();
  }

  /** Lays a copy of a file under a name that is not its own. */
  duplicate(path: string, to: string): void {
    const file = disk.files.get(path);
    if (file === undefined || disk.files.has(to)) return;
    this.#damaged.add(to);
    this.#invented.add(to);
    this.#spoilt.add(nameOf(to));
    disk.create(to).data = file.data;
  }
}

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
