import { isDeepStrictEqual } from 'node:util';
import { openBatch } from '../../src/batch/reader';
import { manifestSchema } from '../../src/batch/manifest';
import { digestFile } from '../../src/batch/digest';
import { openSqlite } from '../../src/database/sqlite/database';
import { applyRound } from '../../src/merge/apply-round';
import { mergeBatch } from '../../src/merge/merge-batch';
import { disk } from './machine/disk';
import type { World } from './world';

/** Gives the hub every batch and each site every round once more: nothing may change. */
export async function playAgain(world: World): Promise<void> {
  const before = world.places.map((place) => world.contents(place));
  await mergeAgain(world);
  for (const site of world.sites) await applyAgain(world, site);
  for (const place of world.places) {
    if (!isDeepStrictEqual(world.contents(place), before[place])) {
      world.findings.add(`${world.nameOf(place)} changes when it gets again what it had`);
    }
  }
}

async function mergeAgain(world: World): Promise<void> {
  const database = await openSqlite(world.business(0).path);
  const { tables } = await database.catalogue();
  const before = await database.pending();
  for (const file of [...disk.files.keys()].filter((path) => /\/batches\/\d+\.batch$/.test(path)).sort()) {
    const reader = await openBatch(file);
    const { sha256 } = await digestFile(file);
    await mergeBatch(database, reader, {
      tables,
      policies: { default: 'newest', tables: {} },
      sha256,
      now: 0,
    });
    await reader.close();
  }
  if ((await database.pending()) !== before) world.findings.add('the hub logs what it merged before');
  await database.close();
}

async function applyAgain(world: World, site: number): Promise<void> {
  const database = await openSqlite(world.business(site).path);
  const { tables } = await database.catalogue();
  for (const path of [...disk.files.keys()].filter((name) => name.endsWith('/manifest.json')).sort()) {
    const manifest = manifestSchema.parse(JSON.parse(String(disk.files.get(path)?.data)));
    const files = manifest.segments
      .filter(({ origin }) => origin !== site)
      .map(({ name }) => path.replace('manifest.json', name));
    await applyRound(database, manifest, { site, tables, files });
  }
  await database.close();
}
