/** What a hub forgets is what nobody will speak of any more, however old the rest is. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBatchWriter } from '../../src/batch/writer';
import type { Database } from '../../src/database/port';
import { openSqlite } from '../../src/database/sqlite/database';
import { fingerprintsOf } from '../../src/merge/schema-differences';
import { newReport } from '../../src/report/new-report';
import { HubFolder } from '../../src/session/hub-folder';
import { StepHandle } from '../../src/session/session';
import { DAY } from '../../src/session/tidy';
import { tidyHub } from '../../src/session/tidy-hub';
import { openBusiness } from '../support/business';

const ROUNDS = [1, 2, 3, 4, 5, 6];
/** Batch n goes on from round n - 1; the last two are received and not merged yet. */
const BATCHES = [1, 2, 3, 4, 5];
const MERGED = 3;
const LYON = { number: 1, name: 'Lyon' };
const NICE = { number: 2, name: 'Nice' };

let root = '';
let hub: HubFolder;
let database: Database;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tidy-hub-'));
  hub = new HubFolder(join(root, 'sites'), join(root, 'rounds'));
  const path = join(root, 'hub.db');
  writeFileSync(path, '');
  const business = openBusiness(path);
  business.run('CREATE TABLE member (id INTEGER PRIMARY KEY)');
  business.close();
  database = await openSqlite(path);
  await database.prepare({ id: 'hub', role: 'hub' });
  for (const round of ROUNDS) put(hub.manifestFile(round));
  for (const batch of BATCHES) await receive(batch);
  for (let batch = 1; batch <= MERGED; batch += 1)
    await database.transaction((transaction) =>
      transaction.recordMerged({ site: LYON.number, batch, sha256: '', declined: [] }),
    );
});
afterEach(async () => {
  await database.close();
  rmSync(root, { recursive: true });
});

function put(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '{}');
}

async function receive(batch: number): Promise<void> {
  const file = hub.batchFile(LYON.number, batch);
  mkdirSync(dirname(file), { recursive: true });
  const { tables } = await database.catalogue();
  const writer = createBatchWriter(file, {
    format: 1,
    application: 'test',
    kind: 'batch',
    origin: LYON.number,
    number: batch,
    base: batch - 1,
    fingerprints: fingerprintsOf(tables),
    clockOffset: 0,
  });
  await writer.finish();
}

/** A century later; what is left. */
async function tidied(
  sites: readonly { readonly number: number; readonly name: string }[],
): Promise<unknown> {
  const now = Date.UTC(2100, 0, 1);
  const clock = { now: () => now, delay: () => Promise.resolve() };
  const report = newReport({ role: 'hub', name: 'hub', trigger: 'schedule', application: 'test', now });
  const [line] = report.steps;
  if (line === undefined) throw new Error('a report without steps');
  const events = { onMessage: () => undefined, onProgress: () => undefined, onReport: () => undefined };
  const { signal } = new AbortController();
  const { tables } = await database.catalogue();
  await tidyHub(new StepHandle(report, line, { clock, signal, events }), tables, {
    database,
    folder: hub,
    sites,
    retired: [],
    clock,
    retention: { changes: DAY, conflicts: DAY },
  });
  expect(line.messages).toEqual([]);
  return {
    rounds: await hub.rounds(),
    folders: readdirSync(join(root, 'rounds')).length,
    batches: await hub.received(LYON.number),
    acknowledged: await hub.acknowledgements(LYON.number),
  };
}

test('rounds stay that the last merged batch had not seen, batches from that one on, and the last acknowledgement', async () => {
  for (const round of ROUNDS) put(hub.acknowledgementFile(LYON.number, round));
  expect(await tidied([LYON])).toEqual({
    rounds: [3, 4, 5, 6],
    folders: 4,
    batches: [3, 4, 5],
    acknowledged: [6],
  });
});

test('a site that goes on from a round has had it, whether or not its acknowledgement arrived', async () => {
  expect(await tidied([LYON])).toMatchObject({ rounds: [3, 4, 5, 6], acknowledged: [] });
});

test('everything stays for a site that has sent nothing yet', async () => {
  put(hub.acknowledgementFile(NICE.number, 6));
  expect(await tidied([LYON, NICE])).toMatchObject({ rounds: ROUNDS });
});
