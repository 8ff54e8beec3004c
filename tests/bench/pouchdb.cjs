/**
 * `node pouchdb.cjs PACKAGES SOURCE`: the rows of SOURCE's table member as documents of one PouchDB, replicated into
 * another, both on the disk. PACKAGES: where pouchdb is installed. Prints the seconds of the replication alone.
 */
const { createRequire } = require('node:module');
const { mkdtempSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { DatabaseSync } = require('@photostructure/sqlite');

const BATCH = 1000;
const [packages, source] = process.argv.slice(2);
const PouchDB = createRequire(join(packages, 'package.json'))('pouchdb');

async function main() {
  const folder = mkdtempSync(join(packages, 'databases-'));
  try {
    const [from, to] = ['from', 'to'].map((name) => new PouchDB(join(folder, name)));
    const rows = new DatabaseSync(source).prepare('SELECT * FROM member').all();
    for (let at = 0; at < rows.length; at += BATCH)
      await from.bulkDocs(rows.slice(at, at + BATCH).map(({ id, ...row }) => ({ _id: String(id), ...row })));
    const started = performance.now();
    const { docs_written: written } = await from.replicate.to(to, { batch_size: BATCH });
    const seconds = (performance.now() - started) / 1000;
    if (written !== rows.length) throw new Error(`${written} documents of ${rows.length}`);
    console.log(seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
