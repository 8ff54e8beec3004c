'use strict';
const {
  existsSync,
  linkSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
  openSync,
  closeSync,
} = require('node:fs');
const { dirname } = require('node:path');

const sizeOf = (path) => (existsSync(path) ? statSync(path).size : 0);

/** What of the files would outlive a power cut: bytes that were fsynced, and names whose folder was. */
class Disk {
  /** By path: the length that is safe. */
  #unsafe = new Map();
  /** Renames that no fsync of the folder followed, in order. */
  #renames = [];
  #backups = 0;

  writing(path) {
    if (!this.#unsafe.has(path)) this.#unsafe.set(path, sizeOf(path));
  }

  truncating(path, length) {
    this.writing(path);
    this.#unsafe.set(path, Math.min(length, this.#unsafe.get(path)));
  }

  synced(path) {
    this.#unsafe.delete(path);
    this.#renames = this.#renames.filter(({ to }) => dirname(to) !== path);
  }

  renaming(from, to) {
    this.#backups += 1;
    const backup = existsSync(to) ? `${to}.${this.#backups}.before-power-cut` : null;
    if (backup !== null) linkSync(to, backup);
    this.#renames.push({ from, to, backup });
    this.#move(from, to);
  }

  removed(path) {
    this.#unsafe.delete(path);
    this.#renames = this.#renames.filter(({ to }) => to !== path);
  }

  /** `zeros`: the lost bytes are there, as zeros. */
  cut(zeros) {
    for (const { from, to, backup } of this.#renames.reverse()) {
      if (!existsSync(to)) continue;
      renameSync(to, from);
      if (backup !== null) renameSync(backup, to);
      this.#move(to, from);
    }
    for (const [path, safe] of this.#unsafe) {
      const size = sizeOf(path);
      if (size <= safe) continue;
      truncateSync(path, safe);
      if (!zeros) continue;
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(size - safe), 0, size - safe, safe);
      closeSync(file);
    }
  }

  #move(from, to) {
    const safe = this.#unsafe.get(from);
    this.#unsafe.delete(from);
    this.#unsafe.delete(to);
    if (safe !== undefined) this.#unsafe.set(to, safe);
  }
}

module.exports = { Disk };
